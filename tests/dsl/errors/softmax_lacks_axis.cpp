// expect: heed: softmax<Axis>(x): x has no such axis
#include "axes.h"

constexpr auto f(Tensor<f32, Heads, Seq, Depth> q, Tensor<f32, Heads, Key, Depth> k) {
  return softmax<Other>(contract<Depth>(q, k));
}
constexpr auto g = trace<f>("q", "k");
