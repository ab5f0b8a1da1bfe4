// expect: heed: nn::Rotary<Depth>(x, position): x has no axis Depth
#include "axes.h"

struct Net {
  nn::Rotary<Depth> rope;
  constexpr auto operator()(Tensor<f32, Seq, Model> x) const { return rope(x, position<Seq>()); }
};
constexpr auto g = trace(Net{}, "x");
