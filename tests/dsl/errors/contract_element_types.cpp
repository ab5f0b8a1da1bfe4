// expect: heed: contract<Axis...>(l, r): different element types; use cast<T>(x)
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Depth> q, Tensor<bf16, Key, Depth> k) { return contract<Depth>(q, k); }
constexpr auto g = trace<f>("q", "k");
