// expect: heed: the operands have different element types; use cast<T>(x)
#include "axes.h"

constexpr auto f(Tensor<bf16, Seq, Key> s, Tensor<i1, Seq, Key> m) { return s + where(m, 0.f, -inf); }
constexpr auto g = trace<f>("s", "m");
