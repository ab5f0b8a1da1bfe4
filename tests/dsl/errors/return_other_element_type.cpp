// expect: heed: a tensor with another element type is expected here; use cast<T>(x)
#include "axes.h"

constexpr Tensor<bf16, Seq> f(Tensor<f32, Seq> x) { return exp(x); }
constexpr auto g = trace<f>("x");
