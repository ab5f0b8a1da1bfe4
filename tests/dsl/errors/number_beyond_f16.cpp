// expect: heed: a number beyond the element type of the tensor beside it; cast the tensor, or write inf
#include "axes.h"

constexpr auto f(Tensor<f16, Seq> x) { return x * 1e6; }
constexpr auto g = trace<f>("x");
