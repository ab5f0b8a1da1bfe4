// expect: heed: jit(f): f is not traced; jit(trace<f>("x")), or jit(trace(Module{}, "x"))
#include "axes.h"

struct Net {
  Tensor<f32, Seq> w;
  constexpr auto operator()(Tensor<f32, Seq> s) const { return s * w; }
};
auto run() { return jit(Net{}); }
