// expect: heed: cast<T>(x): call it like this, with types in <> and tensors in ()
#include "axes.h"

constexpr auto f(Tensor<f32, Seq> q) { return cast(q, bf16{}); }
constexpr auto g = trace<f>("q");
