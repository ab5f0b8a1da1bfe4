// expect: heed: a tensor with other axes is expected here
#include "axes.h"

constexpr Tensor<f32, Batch, Seq, Key> f(Tensor<f32, Batch, Heads, Seq, Depth> q, Tensor<f32, Batch, Heads, Key, Depth> k) {
  return contract<Depth>(q, k);
}
constexpr auto g = trace<f>("q", "k");
