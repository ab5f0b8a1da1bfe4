// expect: heed: a number beyond the element type of the tensor beside it; cast the tensor, or write inf
#include "axes.h"

constexpr auto f(Tensor<i32, Seq> x) { return x + 5000000000; }
constexpr auto g = trace<f>("x");
