// expect: heed: Repeat<N, Block>: Block is a module: a struct with operator()
#include "axes.h"

struct Net {
  Repeat<2, int> layers;
  constexpr Tensor<f32, Seq, Model> operator()(Tensor<f32, Seq, Model> x) const { return x | layers; }
};
constexpr auto g = trace(Net{}, "x");
