// expect: heed: contract<Axis...>(l, r): call it like this, with types in <> and tensors in ()
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Depth> q) { return contract<Depth>(q, 2.0); }
constexpr auto g = trace<f>("q");
