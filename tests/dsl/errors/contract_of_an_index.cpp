// expect: heed: contract<Axis...>(l, r): both operands must be tensors
#include "axes.h"

constexpr auto f(Tensor<i32, Seq, Depth> q) { return contract<Depth>(q, index<Depth>()); }
constexpr auto g = trace<f>("q");
