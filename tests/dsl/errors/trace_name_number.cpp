// expect: heed: trace: a name is a text: trace<f>("q", "k")
#include "axes.h"

constexpr Tensor<f32, Seq> f(Tensor<f32, Seq> x) { return exp(x); }
constexpr auto g = trace<f>(1);
