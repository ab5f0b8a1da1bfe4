// Parameters in the form that kernels read.
//
// Invariant: a form is made once for each binding, whoever shares it; it is never written again.
// Read tests/driver/weights_test.cpp.
#include <cstdlib>

#include "heed/runtime/bind.h"
#include "heed/runtime/error.h"
#include "heed/runtime/executable.h"
#include "heed/runtime/memory.h"
#include "heed/runtime/session.h"
#include "heed/runtime/weights/mapping.h"

namespace heed {

void Arguments::pack(Session& session, const Executable& executable) {
  if (!unpacked_ || !executable.pack) return;
  const std::size_t count = pointers_.size() / 2;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    Slot& slot = parameters_[i];
    const auto argument = static_cast<std::int64_t>(inputs_.size() + i);
    abi::Descriptor<1>& form = slot.packed_form;
    std::call_once(slot.packed->once, [&] {
      form = {nullptr, nullptr, 0, {0}, {1}};
      Packed& packed = *slot.packed;
      packed.bytes = session.pack(executable, argument, slot.words, &form);
      if (packed.bytes == 0) return;
      packed.memory = {reserve(packed.bytes, 64), std::free};
      void* memory = packed.memory.get();
      if (!memory)
        throw Error(slot.spec->name, std::to_string(packed.bytes) + " bytes were wanted to pack it",
                    "the system must have as much", "free some memory");
      form = {memory, memory, 0, {packed.bytes / 4}, {1}};
      session.pack(executable, argument, slot.words, &form);
      letGo(slot.given.memory, slot.range);
    });
    void* memory = slot.packed->memory.get();
    form = {memory, memory, 0, {slot.packed->bytes / 4}, {1}};
    pointers_[count + argument] = &form;
  }
  unpacked_ = false;
}

std::int64_t Arguments::packedBytes() const {
  std::int64_t bytes = 0;
  for (const Slot& slot : parameters_)
    if (slot.packed) bytes += slot.packed->bytes;
  return bytes;
}

}  // namespace heed
