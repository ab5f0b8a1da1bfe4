// expect: heed: nn::LayerNorm<Axis>, nn::RMSNorm<Axis>(x): x has no such axis
#include "axes.h"

struct Net {
  nn::LayerNorm<Hidden> norm;
  constexpr auto operator()(Tensor<f32, Seq, Model> x) const { return norm(x); }
};
constexpr auto g = trace(Net{}, "x");
