// expect: heed: a tensor with other axes is expected here
#include "axes.h"

struct Block {
  nn::LayerNorm<Model> norm;
  constexpr Tensor<f32, Batch, Seq, Model> operator()(Tensor<f32, Batch, Seq, Model> x) const { return norm(x); }
};
struct Net {
  Block block;
  constexpr auto operator()(Tensor<f32, Seq, Model> x) const { return block(x); }
};
constexpr auto g = trace(Net{}, "x");
