// expect: heed: softmax<Axis>(x): x must be a tensor
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Key> x) { return x + softmax<Key>(index<Key>() * 0.1); }
constexpr auto g = trace<f>("x");
