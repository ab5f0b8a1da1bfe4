// expect: heed: softmax<Axis>(x): call it like this, with types in <> and tensors in ()
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Key> x) { return softmax<Seq, Key>(x); }
constexpr auto g = trace<f>("x");
