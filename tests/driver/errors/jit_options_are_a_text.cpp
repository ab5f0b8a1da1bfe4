// expect: heed: jit(graph, options): options stand in {}: jit(graph, {.target = cpu()})
#include "axes.h"

constexpr auto f(Tensor<f32, Seq> x) { return exp(x); }
constexpr auto g = trace<f>("x");
auto run() { return jit(g, "cpu"); }
