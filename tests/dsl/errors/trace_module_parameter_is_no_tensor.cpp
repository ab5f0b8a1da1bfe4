// expect: heed: trace: every parameter of the function must be a Tensor<T, Axes...>
#include "axes.h"

struct Net {
  Tensor<f32, Seq> w;
  constexpr auto operator()(Tensor<f32, Seq> s, float by) const { return s * w * by; }
};
constexpr auto g = trace(Net{}, "s", "by");
