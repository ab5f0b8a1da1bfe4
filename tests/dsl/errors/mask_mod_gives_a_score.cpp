// expect: heed: nn::attention: mask_mod gives a mask, such as j <= i
#include "axes.h"

constexpr auto f(Tensor<f32, Batch, Heads, Seq, Depth> q, Tensor<f32, Batch, Heads, Key, Depth> k) {
  return nn::attention<Depth, Key>(q, k, k, nn::NoScoreMod{}, [](auto b, auto h, auto i, auto j) { return j - i; });
}
constexpr auto g = trace<f>("q", "k");
