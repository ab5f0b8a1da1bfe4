// expect: heed: a number or a formula of indices alone is no tensor; it is beside one, as in x * (j - i)
#include "axes.h"

constexpr auto f(Tensor<f32, Seq> x) {
  Tensor<f32, Seq> y = 0.f;
  return x + y;
}
constexpr auto g = trace<f>("x");
