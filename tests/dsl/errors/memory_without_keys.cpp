// expect: heed: attention over a memory: it has neither the axis Key nor the one that Key is like
#include "axes.h"

struct Net {
  nn::ScoredAttention<Key, nn::ScaledDot<Depth>> attn;
  constexpr auto operator()(Tensor<f32, Seq, Depth> x, Tensor<f32, Other, Depth> m) const { return attn(x, m); }
};
constexpr auto g = trace(Net{}, "x", "m");
