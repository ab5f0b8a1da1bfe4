// expect: heed: a module's fields, at most 32, are tensors, modules, Repeat, std::array or numbers; it has no base and no T[n]
#include "axes.h"

struct Net {
  nn::LayerNorm<Model> norms[2];
  constexpr auto operator()(Tensor<f32, Batch, Seq, Model> x) const { return norms[1](norms[0](x)); }
};
constexpr auto g = trace(Net{}, "x");
