#include "heed/codegen/gpu/device.h"

#include <algorithm>
#include <iterator>

#include "llvm/ADT/STLExtras.h"

namespace heed::codegen {

static constexpr int known[] = {80, 86, 87, 89, 90, 100, 103, 120, 121};

/// Of A100, H100, B200 and their smaller relatives (NVIDIA's architecture whitepapers).
int Device::multiprocessors() const {
  if (processors) return processors;
  if (generation >= 120) return 170;
  if (generation >= 100) return 148;
  if (generation >= 90) return 132;
  return generation >= 89 ? 128 : generation > 80 ? 84 : 108;
}

Device deviceOf(int generation) {
  const int* after = std::upper_bound(std::begin(known), std::end(known), generation);
  int best = after == std::begin(known) ? known[0] : after[-1];
  return {best, /*exact=*/generation == 90};  // we have kernels for Hopper alone, and for none after it
}

std::optional<Device> deviceFor(llvm::StringRef name) {
  Device device;
  device.tf32 = name.consume_back(inTf32);
  if (!name.consume_front("sm_")) return std::nullopt;
  device.exact = name.consume_back("a");
  if (name.getAsInteger(10, device.generation) || !llvm::is_contained(known, device.generation)) return std::nullopt;
  if (device.exact && device.generation < 90) return std::nullopt;
  return device;
}

}  // namespace heed::codegen
