// expect: heed: nn::Linear<From, To>(x): x has no axis From
#include "axes.h"

struct Net {
  nn::Linear<Depth, Model> up;
  constexpr auto operator()(Tensor<f32, Seq, Model> x) const { return x | up; }
};
constexpr auto g = trace(Net{}, "x");
