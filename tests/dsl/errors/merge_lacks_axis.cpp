// expect: heed: merge<Outer, Inner, Axis>(x): x lacks one of the two axes
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Depth> x) { return merge<Heads, Depth, Model>(x); }
constexpr auto g = trace<f>("x");
