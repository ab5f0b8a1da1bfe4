// expect: heed: softmax<Axis>(x): call it like this, with types in <> and tensors in ()
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Key> s) { return softmax<1>(s); }
constexpr auto g = trace<f>("s");
