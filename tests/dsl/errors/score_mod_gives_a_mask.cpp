// expect: heed: nn::attention: score_mod gives the new score; what hides a key is mask_mod, after it
#include "axes.h"

constexpr auto f(Tensor<f32, Batch, Heads, Seq, Depth> q, Tensor<f32, Batch, Heads, Key, Depth> k) {
  return nn::attention<Depth, Key>(q, k, k, [](auto s, auto b, auto h, auto i, auto j) { return j <= i; });
}
constexpr auto g = trace<f>("q", "k");
