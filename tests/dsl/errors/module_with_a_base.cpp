// expect: heed: a module's fields, at most 32, are tensors, modules, Repeat, std::array or numbers; it has no base and no T[n]
#include "axes.h"

struct Base { nn::LayerNorm<Model> norm; };
struct Net : Base {
  nn::LayerNorm<Model> other;
  constexpr auto operator()(Tensor<f32, Batch, Seq, Model> x) const { return other(norm(x)); }
};
constexpr auto g = trace(Net{}, "x");
