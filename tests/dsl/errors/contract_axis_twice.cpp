// expect: heed: contract<Axis...>(l, r): an axis is named twice
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Depth> q, Tensor<f32, Key, Depth> k) { return contract<Depth, Depth>(q, k); }
constexpr auto g = trace<f>("q", "k");
