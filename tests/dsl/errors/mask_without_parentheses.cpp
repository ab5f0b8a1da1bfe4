// expect: heed: where(mask, x, other): mask must be a mask, such as a comparison
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Key> s) { return where(variants::causal<Seq, Key>, s, -inf); }
constexpr auto g = trace<f>("s");
