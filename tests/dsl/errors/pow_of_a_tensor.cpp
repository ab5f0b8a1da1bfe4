// expect: heed: pow(x, n): a power is x * x, sqrt(x), or exp(n * log(x)) where x > 0
#include "axes.h"

#include <cmath>
constexpr auto f(Tensor<f32, Seq> x) { return pow(x, 2); }
constexpr auto g = trace<f>("x");
