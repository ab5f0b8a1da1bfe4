// expect: heed: << and >> have no meaning here; multiply or divide
#include "axes.h"

constexpr auto f(Tensor<i32, Seq> x) { return x << 2; }
constexpr auto g = trace<f>("x");
