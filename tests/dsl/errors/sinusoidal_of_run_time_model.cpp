// expect: heed: nn::Sinusoidal<Seq, Model>: Model needs a static extent
#include "axes.h"

struct Net {
  nn::Sinusoidal<Seq, Other> pe;
  constexpr auto operator()(Tensor<f32, Seq, Other> x) const { return pe(x); }
};
constexpr auto g = trace(Net{}, "x");
