// expect: heed: last<Axis>(x): name one axis, give one tensor
#include "axes.h"

constexpr auto f(Tensor<f32, Batch, Seq, Model> x) { return last(x); }
constexpr auto g = trace<f>("x");
