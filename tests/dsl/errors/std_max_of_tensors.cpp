// expect: heed: a tensor or mask is no C++ condition, its numbers come later; use where(mask, x, other)
#include "axes.h"

#include <algorithm>
constexpr auto f(Tensor<f32, Seq> s, Tensor<f32, Seq> t) { return std::max(s, t); }
constexpr auto g = trace<f>("s", "t");
