// limits: what the machine can do at most, as every other workload is held against it.
#include <algorithm>

#include "../peak.h"
#include "arrays.h"
#include "device_limits.h"
#include "heed/codegen/cpu/target.h"
#include "heed/runtime/cuda/device.h"
#include "heed/runtime/error.h"
#include "heed/runtime/threads.h"
#include "workload.h"

namespace heed::bench {
namespace {

struct Rates {
  double fma, narrow, read, copy;
  double tf32 = 0, tile = 0, narrow_tile = 0;  // 0: has none
};

Report told(const Rates& rates, const std::string& name) {
  Report report;
  report.add("workload", "limits", "limits");
  report.add("name", name, name);
  report.add("fma_gflops", rates.fma, format("\n  f32 %.0f Gflop/s", rates.fma));
  if (rates.tile) report.add("tile_gflops", rates.tile, format("(%.0f of a register tile)", rates.tile));
  report.add("bf16_gflops", rates.narrow, format("bf16 %.0f Gflop/s", rates.narrow));
  if (rates.narrow_tile)
    report.add("bf16_tile_gflops", rates.narrow_tile, format("(%.0f of a register tile)", rates.narrow_tile));
  if (rates.tf32) report.add("tf32_gflops", rates.tf32, format("tf32 %.0f Gflop/s", rates.tf32));
  report.add("read_gbytes_per_s", rates.read, format("reads %.1f GB/s", rates.read));
  report.add("copy_gbytes_per_s", rates.copy, format("copies %.1f GB/s", rates.copy));
  return report;
}

Report ofDevice() {
  DeviceLimits limits;
  Report report = told({limits.fma(), limits.narrow(), limits.read(), limits.copy(), limits.tf32()}, cuda::name());
  report.add("generation", cuda::generation());
  report.add("bf16_by", limits.narrowBy());
  return report;
}

Report ofHost(const Settings& settings) {
  requireNoFewBits("limits", settings);
  const codegen::Target target = *codegen::targetFor(settings.options.target.features);
  if (!target.runsHere)
    throw Error("heed-bench limits", "--target=" + settings.target + " was given",
                "an instruction set of this CPU is required", "cpu is what it has");
  const int threads = threadCount(settings.options.threads);
  constexpr std::int64_t bytes = 256 << 20;
  std::vector<AnyArray> memory{AnyArray(DType::i1, std::vector{bytes}), AnyArray(DType::i1, std::vector{bytes})};
  const ArrayView &from = memory[0].view, &to = memory[1].view;
  const double seconds = settings.seconds / 6;
  Rates rates{.fma = fmaPeak(target.name, threads, seconds),
              .narrow = bf16Peak(target.name, threads, seconds),
              .read = readBandwidth(from.data, bytes, threads, seconds),
              .copy = copyBandwidth(from.data, to.data, bytes, threads, seconds),
              .tile = tilePeak(target.name, threads, seconds),
              .narrow_tile = bf16TilePeak(target.name, threads, seconds)};
  // On a busy machine one may be held up more than the other: what a tile reaches is no more than the limit.
  rates.fma = std::max(rates.fma, rates.tile), rates.narrow = std::max({rates.narrow, rates.narrow_tile, rates.fma});
  return told(rates, target.name);
}

}  // namespace

Subject limits() {
  return {
      "limits",
      "what this machine can do at most",
      [](Flags&) {},
      [](const Settings& settings) { return settings.options.target.kind == "cuda" ? ofDevice() : ofHost(settings); },
      {"--threads", "--target", "--seconds", "--json"}};
}

}  // namespace heed::bench
