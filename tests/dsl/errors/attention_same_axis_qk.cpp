// expect: heed: nn::attention<Depth, Key>(q, k, v): keys or values lack the axis Key
#include "axes.h"

constexpr auto f(Tensor<f32, Batch, Heads, Seq, Depth> q) { return nn::attention<Depth, Key>(q, q, q); }
constexpr auto g = trace<f>("q");
