// expect: heed: trace: give a function, a lambda or a module whose parameters are tensors, not auto
#include "axes.h"

struct Net {
  nn::LayerNorm<Model> norm;
  constexpr auto forward(Tensor<f32, Batch, Seq, Model> x) const { return norm(x); }
};
constexpr auto g = trace(Net{}, "x");
