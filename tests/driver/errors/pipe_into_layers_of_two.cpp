// expect: heed: Repeat<N, Block>: Block cannot be called with these operands
#include "axes.h"

struct Block {
  nn::LayerNorm<Model> norm;
  constexpr auto operator()(Tensor<f32, Seq, Model> x, Tensor<f32, Seq> y) const { return norm(x) * y; }
};
struct Net {
  Repeat<2, Block> layers;
  constexpr Tensor<f32, Seq, Model> operator()(Tensor<f32, Seq, Model> x) const { return x | layers; }
};
constexpr auto g = trace(Net{}, "x");
