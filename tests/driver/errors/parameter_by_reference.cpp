// expect: heed: trace: a parameter is a value or const&; what changes it, copies it: auto y = x
#include "axes.h"

constexpr auto f(Tensor<f32, Seq>& q) { q = q + 1; return q; }
constexpr auto g = trace<f>("q");
