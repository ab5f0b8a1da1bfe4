// expect: heed: Repeat<N, Block>: N must be positive
#include "axes.h"

struct Block {
  nn::LayerNorm<Model> norm;
  constexpr Tensor<f32, Seq, Model> operator()(Tensor<f32, Seq, Model> x) const { return norm(x); }
};
struct Net {
  Repeat<0, Block> layers;
  constexpr Tensor<f32, Seq, Model> operator()(Tensor<f32, Seq, Model> x) const { return x | layers; }
};
constexpr auto g = trace(Net{}, "x");
