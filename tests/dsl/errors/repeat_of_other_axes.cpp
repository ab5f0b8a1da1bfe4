// expect: heed: Repeat<N, Block>: Block takes tensors of other axes
#include "axes.h"

struct Block {
  nn::LayerNorm<Model> up;
  constexpr Tensor<f32, Seq, Model> operator()(Tensor<f32, Seq, Model> x) const { return up(x); }
};
struct Net {
  Repeat<4, Block> layers;
  constexpr auto operator()(Tensor<f32, Seq, Hidden> x) const { return layers(x); }
};
constexpr auto g = trace(Net{}, "x");
