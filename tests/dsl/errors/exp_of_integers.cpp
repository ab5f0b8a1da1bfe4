// expect: heed: this function is for floating-point operands; use cast<f32>(x)
#include "axes.h"

constexpr auto f(Tensor<i32, Seq> x) { return exp(x); }
constexpr auto g = trace<f>("x");
