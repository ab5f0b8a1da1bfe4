// expect: heed: position<Axis>(): the axis is a type in <>
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Key> x) { return where(position<Key>() <= position(), x, -inf); }
constexpr auto g = trace<f>("x");
