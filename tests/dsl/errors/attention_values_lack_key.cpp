// expect: heed: nn::attention<Depth, Key>(q, k, v): keys or values lack the axis Key
#include "axes.h"

using X = Tensor<f32, Heads, Seq, Depth>;
constexpr auto f(X q, Tensor<f32, Heads, Key, Depth> k, X v) { return nn::attention<Depth, Key>(q, k, v); }
constexpr auto g = trace<f>("q", "k", "v");
