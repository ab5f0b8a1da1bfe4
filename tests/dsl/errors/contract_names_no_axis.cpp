// expect: heed: contract<Axis...>(l, r): name the axes to sum over
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Depth> q, Tensor<f32, Key, Depth> k) { return contract(q, k); }
constexpr auto g = trace<f>("q", "k");
