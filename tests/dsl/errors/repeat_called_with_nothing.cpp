// expect: heed: Repeat<N, Block>: layers(x), with one to four operands
#include "axes.h"

struct Block {
  nn::LayerNorm<Model> up;
  constexpr auto operator()(Tensor<f32, Seq, Model> x) const { return up(x); }
};
struct Net {
  Repeat<4, Block> layers;
  constexpr auto operator()(Tensor<f32, Seq, Model> x) const { return layers(); }
};
constexpr auto g = trace(Net{}, "x");
