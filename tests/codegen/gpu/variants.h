// Attention kernels that more than one test of the GPU takes.
#pragma once

#include "on_gpu.h"

namespace heed::testing {

/// Softcap and a window, as Gemma 2 has them.
inline KernelCase gemma(int width) {
  KernelCase kernel = softcap();
  return window(withLse(std::move(kernel)), width);
}

/// A mask, a bias and a factor of each weight.
inline KernelCase threeTensors() {
  KernelCase kernel = maskTensor(sdpa());
  const KernelCase bias = biasTensor(sdpa()), factor = dropout(sdpa());
  kernel.captures = {kernel.captures[0], bias.captures[0], factor.captures[0]};
  kernel.post =
      "%c = arith.constant 0.25 : f32\n%p = arith.mulf %a0, %c : f32\n%s = arith.addf %p, %a2 : f32\n"
      "tile.yield %s : f32";
  kernel.weigh = "%p = arith.mulf %a0, %a3 : f32\ntile.yield %p : f32";
  kernel.score = [](const Numbers& s, const Numbers& x, Point) { return s[0] / 4 + x[1]; };
  kernel.weight = [](double p, const Numbers& x, Point) { return p * x[2]; };
  return kernel;
}

}  // namespace heed::testing
