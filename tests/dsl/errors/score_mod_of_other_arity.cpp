// expect: heed: nn::attention: score_mod is a lambda (auto score, auto b, auto h, auto i, auto j)
#include "axes.h"

constexpr auto f(Tensor<f32, Batch, Heads, Seq, Depth> q, Tensor<f32, Batch, Heads, Key, Depth> k) {
  return nn::attention<Depth, Key>(q, k, k, [](auto s, auto i, auto j) { return s + (j - i); });
}
constexpr auto g = trace<f>("q", "k");
