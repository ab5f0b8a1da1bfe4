// expect: heed: where(mask, x, other): other is missing; 0 or -inf, perhaps
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Key> s) { return where(s > 0, s); }
constexpr auto g = trace<f>("s");
