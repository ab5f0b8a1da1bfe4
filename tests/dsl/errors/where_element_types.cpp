// expect: heed: where(mask, x, other): x and other have different element types; use cast<T>(x)
#include "axes.h"

constexpr auto f(Tensor<f32, Seq> x, Tensor<bf16, Seq> y) { return where(x > 0, x, y); }
constexpr auto g = trace<f>("x", "y");
