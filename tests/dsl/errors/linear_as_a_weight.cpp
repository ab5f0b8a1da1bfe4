// expect: heed: contract<Axis...>(l, r): call it like this, with types in <> and tensors in ()
#include "axes.h"

struct Net {
  nn::Linear<Model, Hidden> up;
  constexpr auto operator()(Tensor<f32, Seq, Model> x) const { return contract<Model>(x, up); }
};
constexpr auto g = trace(Net{}, "x");
