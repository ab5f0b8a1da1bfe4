// expect: heed: a tensor with other axes is expected here
#include "axes.h"

constexpr Tensor<f32, Seq, Key> f(Tensor<f32, Seq, Depth> q, Tensor<f32, Seq, Depth> k) { return contract<Depth>(q, k); }
constexpr auto g = trace<f>("q", "k");
