// expect: heed: contract<Axis...>(l, r): the left operand has no such axis
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Hidden> q, Tensor<f32, Key, Depth> k) { return contract<Depth>(q, k); }
constexpr auto g = trace<f>("q", "k");
