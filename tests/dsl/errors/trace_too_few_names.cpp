// expect: heed: trace: give one name for each parameter of the function
#include "axes.h"

constexpr auto f(Tensor<f32, Seq> x, Tensor<f32, Seq> y) { return x + y; }
constexpr auto g = trace<f>("x");
