// expect: heed: nn::attention: score_mod gives the new score; what hides a key is mask_mod, after it
#include "axes.h"

constexpr auto f(Tensor<f32, Heads, Seq, Depth> q, Tensor<f32, Heads, Key, Depth> k, Tensor<f32, Heads, Key, Depth> v) {
  return nn::attention<Depth, Key>(q, k, v, [](auto, auto, auto, auto, auto) {});
}
constexpr auto g = trace<f>("q", "k", "v");
