// expect: heed: contract<Axis...>(l, r): call it like this, with types in <> and tensors in ()
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Depth> q, Tensor<f32, Key, Depth> k) { return contract(q, k, Depth{}); }
constexpr auto g = trace<f>("q", "k");
