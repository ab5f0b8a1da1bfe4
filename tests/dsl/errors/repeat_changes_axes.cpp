// expect: heed: Repeat<N, Block>: Block must return the tensors it takes, the carries first
#include "axes.h"

struct Net {
  Repeat<4, nn::Linear<Model, Hidden>> layers;
  constexpr auto operator()(Tensor<f32, Seq, Model> x) const { return layers(x); }
};
constexpr auto g = trace(Net{}, "x");
