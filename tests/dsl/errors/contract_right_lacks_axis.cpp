// expect: heed: contract<Axis...>(l, r): the right operand has no such axis
#include "axes.h"

constexpr auto f = [](Tensor<f32, Batch, Heads, Seq, Depth> q, Tensor<f32, Batch, Heads, Key, Hidden> k) {
  return contract<Depth>(q, k) * rsqrt(Depth::size);
};
constexpr auto g = trace<f>("q", "k");
