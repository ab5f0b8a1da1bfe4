// expect: heed: nn::attention<Depth, Key>(q, k, v): the queries carry the axis Key
#include "axes.h"

using X = Tensor<f32, Batch, Heads, Seq, Depth>;
constexpr auto f(X q, X k, X v) { return nn::attention<Depth, Seq>(q, k, v); }
constexpr auto g = trace<f>("q", "k", "v");
