// expect: heed: the operands have different element types; use cast<T>(x)
#include "axes.h"

constexpr auto f(Tensor<f32, Seq> s, Tensor<bf16, Seq> t) { s += t; return s; }
constexpr auto g = trace<f>("s", "t");
