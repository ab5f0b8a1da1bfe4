// expect: heed: a tensor of no graph, or of another one; a parameter is a member of the traced module
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Model> x) { return x + Tensor<f32, Model>{}; }
constexpr auto g = trace<f>("x");
