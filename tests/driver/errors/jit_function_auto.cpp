// expect: heed: jit(f): f is not traced; jit(trace<f>("x")), or jit(trace(Module{}, "x"))
#include "axes.h"

constexpr auto f(Tensor<f32, Seq> x) { return exp(x); }
auto run() { auto k = jit(f); return k(Array<f32, Seq>(3)); }
