// expect: heed: rename<From, To>(x): x already has the axis To
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Key> x) { return rename<Seq, Key>(x); }
constexpr auto g = trace<f>("x");
