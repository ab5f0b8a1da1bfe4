// expect: heed: an operand is neither a tensor, an index<Axis>() nor a number; does it lack () or <>?
#include "axes.h"

struct Net {
  nn::Linear<Model, Hidden> up;
  constexpr auto operator()(Tensor<f32, Seq, Model> x) const { return x * up; }
};
constexpr auto g = trace(Net{}, "x");
