// expect: heed: nn::HeadsAttention: the keys have heads that the queries do not have
#include "axes.h"

struct Net {
  nn::HeadsAttention<Model, axes<>, axes<Heads>, Depth, Key> attn;
  constexpr auto operator()(Tensor<f32, Seq, Model> x) const { return attn(x); }
};
constexpr auto g = trace(Net{}, "x");
