// expect: heed: nn::HeadsAttention(x): x does not have the axis that Key is like
#include "axes.h"

struct Net {
  nn::MultiQueryAttention<Model, Heads, Depth, Key> attn;
  constexpr auto operator()(Tensor<f32, Other, Model> x) const { return attn(x); }
};
constexpr auto g = trace(Net{}, "x");
