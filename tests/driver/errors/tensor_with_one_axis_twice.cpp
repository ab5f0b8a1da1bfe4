// expect: heed: Tensor<T, Axes...>: two axes of one name in one tensor
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Seq> x) { return x; }
constexpr auto g = trace<f>("x");
