// expect: heed: the operands have different element types; use cast<T>(x)
#include "axes.h"

constexpr auto f(Tensor<i32, Seq> x) { return x * 0.5; }
constexpr auto g = trace<f>("x");
