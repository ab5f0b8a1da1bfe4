// Parameters of random numbers, for tests of models.
#pragma once

#include <random>

#include "heed/runtime/runner.h"

namespace heed::test {

/// Binds each parameter to normal numbers times `scale`; axes of run-time extent are `symbolic` long.
inline void bindRandom(Runner& run, unsigned seed, float scale, std::int64_t symbolic = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  for (const TensorSpec& p : run.executable().signature.parameters) {
    std::vector<std::int64_t> sizes;
    for (const AxisSpec& axis : p.axes) sizes.push_back(axis.extent < 0 ? symbolic : axis.extent);
    AnyArray x(DType::f32, sizes);
    for (std::int64_t i = 0; i < x.view.size(); ++i) static_cast<float*>(x.view.data)[i] = scale * normal(random);
    run.bind(p.name, x);
  }
}

}  // namespace heed::test
