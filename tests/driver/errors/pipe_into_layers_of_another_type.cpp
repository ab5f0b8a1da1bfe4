// expect: heed: Repeat<N, Block>: Block must return the tensors it takes, the carries first
#include "axes.h"

struct Block {
  nn::LayerNorm<Model> norm;
  constexpr auto operator()(Tensor<f32, Seq, Model> x) const { return cast<bf16>(norm(x)); }
};
struct Net {
  Repeat<2, Block> layers;
  constexpr auto operator()(Tensor<f32, Seq, Model> x) const { return x | layers; }
};
constexpr auto g = trace(Net{}, "x");
