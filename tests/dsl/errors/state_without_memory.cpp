// expect: heed: State<T, Axes...>: one of the axes must be memory<Seq, name>, to remember along
#include "axes.h"

struct Net {
  State<f32, Batch, Key, Depth> keys;
  constexpr auto operator()(Tensor<f32, Batch, Seq, Depth> x) const { return append<Seq, Key>(keys, x); }
};
constexpr auto g = trace(Net{}, "x");
