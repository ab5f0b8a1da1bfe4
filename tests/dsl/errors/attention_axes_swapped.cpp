// expect: heed: nn::attention<Depth, Key>(q, k, v): queries or keys lack the axis Depth
#include "axes.h"

constexpr auto f(Tensor<f32, Batch, Heads, Seq, Depth> q, Tensor<f32, Batch, Heads, Key, Depth> k) {
  return nn::attention<Key, Depth>(q, k, k);
}
constexpr auto g = trace<f>("q", "k");
