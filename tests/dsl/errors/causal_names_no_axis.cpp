// expect: heed: variants::causal<Query, Key>() or causal(i, j): axes are types in <>
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Key> x) { return where(variants::causal(), x, -inf); }
constexpr auto g = trace<f>("x");
