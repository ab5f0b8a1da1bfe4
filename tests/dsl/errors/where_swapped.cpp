// expect: heed: where(mask, x, other): mask must be a mask, such as a comparison
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Key> s) { return where(s, s > 0, 0.f); }
constexpr auto g = trace<f>("s");
