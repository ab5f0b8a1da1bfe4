// expect: heed: nn::Linear<From, To>: an axis is consumed and produced; rename one
#include "axes.h"

struct Net {
  nn::Linear<Model, Model> a;
  constexpr Tensor<f32, Seq, Model> operator()(Tensor<f32, Seq, Model> x) const { return x; }
};
constexpr auto g = trace(Net{}, "x");
constexpr int p = g.parameter("b.weight");
