// expect: heed: rename<From, To>(x): x has no axis From
#include "axes.h"

constexpr auto f(Tensor<f32, Batch, Depth> x) { return rename<Seq, Key>(x); }
constexpr auto g = trace<f>("x");
