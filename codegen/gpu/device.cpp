#include "heed/codegen/gpu/device.h"

#include <iterator>

#include "llvm/ADT/STLExtras.h"

namespace heed::codegen {

namespace {

/// The first PTX that knows a generation and has what we emit for it, ten times (PTX ISA, "Release notes").
struct Generation {
  int number, ptx;
};
constexpr Generation known[] = {{80, 71},  {86, 71},  {87, 74},  {89, 78}, {90, 80},
                                {100, 86}, {103, 88}, {120, 87}, {121, 88}};

const Generation* find(int number) {
  return llvm::find_if(known, [&](auto& one) { return one.number == number; });
}

}  // namespace

int Device::ptx() const { return find(generation)->ptx; }

/// Of A100, H100, B200 and their smaller relatives (NVIDIA's architecture whitepapers).
int Device::multiprocessors() const {
  if (processors) return processors;
  if (generation >= 120) return 170;
  if (generation >= 100) return 148;
  if (generation >= 90) return 132;
  return generation >= 89 ? 128 : generation > 80 ? 84 : 108;
}

Device deviceOf(int generation) {
  int best = known[0].number;
  for (const Generation& one : known)
    if (one.number <= generation) best = one.number;
  return {best, /*exact=*/generation == 90};  // we have kernels for Hopper alone, and for none after it
}

std::optional<Device> deviceFor(llvm::StringRef name) {
  Device device;
  device.tf32 = name.consume_back(inTf32);
  if (!name.consume_front("sm_")) return std::nullopt;
  device.exact = name.consume_back("a");
  if (name.getAsInteger(10, device.generation) || find(device.generation) == std::end(known)) return std::nullopt;
  if (name.starts_with("0")) return std::nullopt;
  if (device.exact && device.generation < 90) return std::nullopt;
  return device;
}

}  // namespace heed::codegen
