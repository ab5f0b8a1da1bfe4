// expect: heed: a tensor with other axes is expected here
#include "axes.h"

struct Net {
  nn::Linear<Model, Hidden> up;
  constexpr auto operator()(Tensor<f32, Seq, Model> x) const { x = up(x); return x; }
};
constexpr auto g = trace(Net{}, "x");
