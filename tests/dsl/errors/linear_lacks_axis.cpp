// expect: heed: nn::Linear<From, To>(x): x has no axis From
#include "axes.h"

struct Net {
  nn::Linear<Model, Hidden> up, down;
  constexpr auto operator()(Tensor<f32, Seq, Model> x) const { return down(gelu(up(x))); }
};
constexpr auto g = trace(Net{}, "x");
