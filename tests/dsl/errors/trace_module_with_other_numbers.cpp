// expect: heed: trace(module): not its default numbers; put them in the type, or use traceAtRunTime
#include "axes.h"

struct Scale {
  Tensor<f32, Seq> weight{};
  float by = 1;
  constexpr Tensor<f32, Seq> operator()(Tensor<f32, Seq> x) const { return x * weight * by; }
};
constexpr auto g = trace(Scale{.by = 2}, "x");
