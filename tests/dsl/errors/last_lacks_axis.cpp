// expect: heed: last<Axis>(x): x must be a tensor with this axis
#include "axes.h"

constexpr auto f(Tensor<f32, Batch, Seq, Model> x) { return last<Key>(x); }
constexpr auto g = trace<f>("x");
