// expect: heed: max(x, y) is of two operands; along an axis it is amax<Axis>(x)
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Key> s) { return max<Key>(s); }
constexpr auto g = trace<f>("s");
