// expect: heed: a module's fields, at most 32, are tensors, modules, Repeat, std::array or numbers; it has no base and no T[n]
#include "axes.h"

#include <vector>
struct Net {
  std::vector<nn::LayerNorm<Model>> norms;
  constexpr auto operator()(Tensor<f32, Batch, Seq, Model> x) const { return norms[0](x); }
};
constexpr auto g = trace(Net{}, "x");
