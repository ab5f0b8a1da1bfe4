// expect: heed: a number beyond the element type; cast the tensor to a wider float, or write inf
#include "axes.h"

constexpr auto f(Tensor<f16, Seq> x) { return x * 1e6; }
constexpr auto g = trace<f>("x");
