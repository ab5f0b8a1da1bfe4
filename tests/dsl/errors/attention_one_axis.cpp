// expect: heed: nn::attention<Depth, Key>(q, k, v): name both axes, give three tensors
#include "axes.h"

constexpr auto f(Tensor<f32, Batch, Heads, Seq, Depth> q, Tensor<f32, Batch, Heads, Key, Depth> k) {
  return nn::attention<Key>(q, k, k);
}
constexpr auto g = trace<f>("q", "k");
