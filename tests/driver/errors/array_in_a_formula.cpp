// expect: heed: an operand is neither a tensor, an index<Axis>() nor a number; does it lack () or <>?
#include "axes.h"

Array<f32, Seq> bias(3);
constexpr auto f(Tensor<f32, Seq, Depth> x) { return x + bias; }
constexpr auto g = trace<f>("x");
