// expect: heed: contract<Axis...>(l, r): the operands are masks; use cast<f32>(x)
#include "axes.h"

constexpr auto f(Tensor<i1, Seq, Depth> q, Tensor<i1, Key, Depth> k) { return contract<Depth>(q, k); }
constexpr auto g = trace<f>("q", "k");
