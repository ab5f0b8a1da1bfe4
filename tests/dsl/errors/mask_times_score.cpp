// expect: heed: arithmetic on a mask; use where(mask, x, other)
#include "axes.h"

constexpr auto f(Tensor<f32, Seq> x) { return x * (x > 0); }
constexpr auto g = trace<f>("x");
