// expect: heed: softmax<Axis>(x): an axis is a type, not its name: softmax<Seq>(x)
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Key> s) { return softmax<"key">(s); }
constexpr auto g = trace<f>("s");
