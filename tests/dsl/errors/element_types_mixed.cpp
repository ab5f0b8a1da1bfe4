// expect: heed: the operands have different element types; use cast<T>(x)
#include "axes.h"

constexpr auto f(Tensor<f32, Seq> x, Tensor<bf16, Seq> y) { return x + y; }
constexpr auto g = trace<f>("x", "y");
