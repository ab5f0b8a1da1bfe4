// expect: heed: index<Axis>(): call it like this, with types in <> and tensors in ()
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Key> s) { return s + index(Key{}); }
constexpr auto g = trace<f>("s");
