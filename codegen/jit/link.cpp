// ORC without its upper layers: one session, one library. Creating them costs well under a millisecond.
#include "heed/codegen/jit/link.h"

#include <math.h>

#include <cstdlib>
#include <cstring>

#include "llvm/ExecutionEngine/JITEventListener.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/Core.h"
#include "llvm/ExecutionEngine/Orc/RTDyldObjectLinkingLayer.h"
#include "llvm/ExecutionEngine/Orc/SelfExecutorProcessControl.h"
#include "llvm/ExecutionEngine/SectionMemoryManager.h"
#include "llvm/Support/MemoryBuffer.h"

// libgcc's conversions of f16, for CPUs that lack them.
extern "C" {
_Float16 __truncsfhf2(float);
float __extendhfsf2(_Float16);
}

namespace heed::codegen {
namespace {

using namespace llvm;
using namespace llvm::orc;

/// Owns the code's memory; the session must end before its layers are destroyed.
class Code {
 public:
  static Expected<std::shared_ptr<Code>> create() {
    auto control = SelfExecutorProcessControl::Create();
    if (!control) return control.takeError();
    return std::shared_ptr<Code>(new Code(std::move(*control)));
  }
  ~Code() { cantFail(session.endSession()); }

  Error link(ArrayRef<std::string> objects, abi::Entry& entry, abi::Pack& pack) {
    JITDylib& library = session.createBareJITDylib("heed");
    if (Error e = library.define(absoluteSymbols(runtimeSymbols()))) return e;
    for (const std::string& object : objects)
      if (Error e = linker.add(library, MemoryBuffer::getMemBufferCopy(object, "heed"))) return e;
    auto find = [&](StringRef name, auto& function) -> Error {
      auto symbol = session.lookup({&library}, name);
      if (!symbol) {
        std::string what = toString(symbol.takeError());
        return createStringError(inconvertibleErrorCode(), "cpu: linking: " + (reported.empty() ? what : reported));
      }
      function = symbol->getAddress().toPtr<std::remove_reference_t<decltype(function)>>();
      return Error::success();
    };
    if (Error e = find("heed_entry", entry)) return e;
    return find("heed_pack", pack);
  }

 private:
  explicit Code(std::unique_ptr<ExecutorProcessControl> control)
      : session(std::move(control)),
        linker(session, [](const MemoryBuffer&) { return std::make_unique<SectionMemoryManager>(); }) {
    session.setErrorReporter([this](Error e) { reported += toString(std::move(e)); });  // names the missing symbols
    linker.registerJITEventListener(*JITEventListener::createGDBRegistrationListener());
    if (std::getenv("HEED_PERF"))
      if (JITEventListener* perf = JITEventListener::createPerfJITEventListener())
        linker.registerJITEventListener(*perf);
  }

  /// All that compiled code may call. fmodf is exact by definition, so arith.remf may use it.
  SymbolMap runtimeSymbols() {
    SymbolMap symbols;
    auto bind = [&]<typename F>(StringRef name, F* function) {
      symbols[session.intern(name)] = {ExecutorAddr::fromPtr(function), JITSymbolFlags::Exported};
    };
    bind("heed_arena", &abi::heed_arena);
    bind("heed_shared", &abi::heed_shared);
    bind("heed_launch", &abi::heed_launch);
    bind("heed_workers", &abi::heed_workers);
    bind("heed_parallel", &abi::heed_parallel);
    bind("heed_tensor_map", &abi::heed_tensor_map);
    bind("memcpy", &std::memcpy);
    bind("memmove", &std::memmove);
    bind("memset", &std::memset);
    bind("fmodf", static_cast<float (*)(float, float)>(&::fmodf));
    bind("__truncsfhf2", &__truncsfhf2);
    bind("__extendhfsf2", &__extendhfsf2);
    return symbols;
  }

  std::string reported;
  ExecutionSession session;
  RTDyldObjectLinkingLayer linker;
};

}  // namespace

llvm::Expected<Linked> linkObjects(llvm::ArrayRef<std::string> objects) {
  auto code = Code::create();
  if (!code) return code.takeError();
  Linked linked;
  if (llvm::Error e = (*code)->link(objects, linked.entry, linked.pack)) return e;
  linked.code = std::move(*code);
  return linked;
}

}  // namespace heed::codegen
