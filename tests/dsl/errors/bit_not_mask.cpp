// expect: heed: ~ has no meaning here; the opposite of a mask is !mask
#include "axes.h"

constexpr auto f(Tensor<f32, Seq> x) { return where(~(x > 0), x, 0); }
constexpr auto g = trace<f>("x");
