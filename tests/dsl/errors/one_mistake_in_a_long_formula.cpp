// expect: heed: softmax<Axis>(x): x has no such axis
#include "axes.h"

struct Net {
  nn::LayerNorm<Model> norm;
  nn::MultiHeadAttention<Model, Heads, Depth, Key> attn;
  Repeat<2, nn::LayerNorm<Model>> more;
  constexpr Tensor<f32, Batch, Seq, Model> operator()(Tensor<f32, Batch, Seq, Model> x) const {
    auto y = x + softmax<Key>(x);
    y += 1;
    y = attn(norm(y), index<Key>() <= index<Seq>()) | more;
    if (y > 0) y *= 2;
    return where(!(y == 0), -y, gelu(y) / 3);
  }
};
constexpr auto g = trace(Net{}, "x");
