// expect: heed: an operand is neither a tensor, an index<Axis>() nor a number; does it lack () or <>?
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Key> s) { return where(index<Key>() <= index<Seq>, s, -inf); }
constexpr auto g = trace<f>("s");
