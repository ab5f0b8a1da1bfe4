// expect: heed: nn::Linear<From, To>(x): x is one tensor, or a formula of them
#include "axes.h"

struct Net {
  nn::Linear<Model, Hidden> up;
  constexpr auto operator()(Tensor<f32, Seq, Model> x) const { return up(3.0) + up(x); }
};
constexpr auto g = trace(Net{}, "x");
