// expect: heed: ^ upper16 lower16 are for the bits of an i32; a power is x * x
#include "axes.h"

constexpr auto f(Tensor<f32, Seq> x) { return x ^ 2; }
constexpr auto g = trace<f>("x");
