// expect: heed: nn::Linear<From, To>(x): x has no axis From
#include "axes.h"

struct Net {
  nn::Linear<Hidden, Model> up;
  constexpr auto operator()(Tensor<f32, Seq, Model> x) const { return up(x); }
};
constexpr auto g = trace(Net{}, "x");
