// expect: heed: softmax<Axis>(x): x has no such axis
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Key> s) { return results(softmax<Depth>(s), s); }
constexpr auto g = trace<f>("s");
