// expect: heed: contract<Axis...>(l, r): different element types; use cast<T>(x)
#include "axes.h"

struct Net {
  nn::Linear<Model, Hidden> up;
  constexpr auto operator()(Tensor<bf16, Seq, Model> x) const { return up(x); }
};
constexpr auto g = trace(Net{}, "x");
