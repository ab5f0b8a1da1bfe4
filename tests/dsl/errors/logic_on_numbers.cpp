// expect: heed: && || ! join masks, such as comparisons; an operand is no mask
#include "axes.h"

constexpr auto f(Tensor<f32, Seq> x, Tensor<f32, Seq> y) { return x && y; }
constexpr auto g = trace<f>("x", "y");
