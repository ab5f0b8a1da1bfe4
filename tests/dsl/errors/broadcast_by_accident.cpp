// expect: heed: neither operand has all axes of the other; along<Axis>(x) repeats x along a new axis on purpose
#include "axes.h"

constexpr auto f(Tensor<f32, Batch, Seq, Hidden> q, Tensor<f32, Batch, Key, Hidden> k) { return tanh(q + k); }
constexpr auto g = trace<f>("q", "k");
