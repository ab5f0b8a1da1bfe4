// expect: heed: nn::MultiHeadAttention<Model, Heads, Depth, Key>: heads times depth is not the model's extent
#include "axes.h"

struct Half : axis<"half", 32> {};
struct Net {
  nn::MultiHeadAttention<Model, Heads, Half, Key> attn;
  constexpr auto operator()(Tensor<f32, Seq, Model> x) const { return attn(x); }
};
constexpr auto g = trace(Net{}, "x");
