// expect: heed: nn::MultiHeadAttention: attn(x), (x, mask) or (x, memory, mask); a mask: causal<Seq, Key>()
#include "axes.h"

struct Net {
  nn::MultiHeadAttention<Model, Heads, Depth, Key> attn;
  constexpr auto operator()(Tensor<f32, Batch, Seq, Model> x) const {
    return attn(x, [](auto i, auto j) { return j <= i; });
  }
};
constexpr auto g = trace(Net{}, "x");
