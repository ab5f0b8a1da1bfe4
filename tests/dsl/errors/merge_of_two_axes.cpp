// expect: heed: merge<Outer, Inner, Axis>(x): call it like this, with types in <> and tensors in ()
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Heads, Depth> q) { return merge<Heads, Depth>(q); }
constexpr auto g = trace<f>("q");
