// expect: heed: rename<From, To>(x): other extents; declare To as like<From, "name">
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Depth> x) { return rename<Seq, Other>(x); }
constexpr auto g = trace<f>("x");
