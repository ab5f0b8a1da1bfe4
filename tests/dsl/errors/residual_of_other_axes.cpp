// expect: heed: neither operand has all axes of the other; along<Axis>(x) repeats x along a new axis on purpose
#include "axes.h"

struct Net {
  nn::Linear<Model, Hidden> up;
  constexpr auto operator()(Tensor<f32, Seq, Model> x) const { return x + up(x); }
};
constexpr auto g = trace(Net{}, "x");
