// expect: heed: jit(f): f is not traced; jit(trace<f>("x")), or jit(trace(Module{}, "x"))
#include "axes.h"

constexpr Tensor<f32, Seq> f(Tensor<f32, Seq> x) { return exp(x); }
auto run() { return jit(f); }
