// expect: heed: trace(f, ...): a function stands in <>, as trace<f>("x"); a module in ()
#include "axes.h"

constexpr Tensor<f32, Seq> f(Tensor<f32, Seq> x) { return exp(x); }
constexpr auto g = trace(f, "x");
