// expect: heed: nn::Rotary<Depth>(x, position): position has an axis that x does not have
#include "axes.h"

struct Net {
  nn::Rotary<Depth> rope;
  constexpr auto operator()(Tensor<f32, Seq, Depth> x) const { return rope(x, position<Key>()); }
};
constexpr auto g = trace(Net{}, "x");
