// expect: heed: & has no meaning here; join masks by &&
#include "axes.h"

constexpr auto f(Tensor<f32, Seq> x, Tensor<f32, Seq> y) { return x & y; }
constexpr auto g = trace<f>("x", "y");
