// expect: heed: softmax<Axis>(x): x must be of a floating type; use cast<f32>(x)
#include "axes.h"

constexpr auto f(Tensor<i32, Seq, Key> s) { return softmax<Key>(s); }
constexpr auto g = trace<f>("s");
