// expect: heed: a whole number of more than 32 bits; write a float, or less than 2147483648
#include "axes.h"

constexpr auto f(Tensor<i32, Seq> x) { return x + 5000000000; }
constexpr auto g = trace<f>("x");
