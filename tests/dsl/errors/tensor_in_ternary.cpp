// expect: heed: a tensor or mask is no C++ condition, its numbers come later; use where(mask, x, other)
#include "axes.h"

constexpr auto f(Tensor<f32, Seq> s) { return s > 0 ? s : -s; }
constexpr auto g = trace<f>("s");
