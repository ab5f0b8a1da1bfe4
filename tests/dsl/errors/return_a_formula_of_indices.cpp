// expect: heed: a number or a formula of indices alone is no tensor; it is beside one, as in x * (j - i)
#include "axes.h"

constexpr Tensor<i32, Seq> f(Tensor<f32, Seq> x) { return index<Seq>(); }
constexpr auto g = trace<f>("x");
