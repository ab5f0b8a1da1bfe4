#include "heed/codegen/gpu/device.h"

#include "llvm/ADT/STLExtras.h"

namespace heed::codegen {

std::optional<Device> deviceFor(llvm::StringRef name) {
  static constexpr int known[] = {80, 86, 87, 89, 90, 100, 103, 120, 121};
  Device device;
  if (!name.consume_front("sm_")) return std::nullopt;
  device.exact = name.consume_back("a");
  if (name.getAsInteger(10, device.generation) || !llvm::is_contained(known, device.generation)) return std::nullopt;
  if (device.exact && device.generation < 90) return std::nullopt;
  return device;
}

}  // namespace heed::codegen
