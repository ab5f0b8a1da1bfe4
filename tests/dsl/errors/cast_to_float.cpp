// expect: heed: cast<T>(x): T is one of i1, i32, f16, bf16, f32
#include "axes.h"

constexpr auto f(Tensor<f32, Seq> q) { return cast<float>(q); }
constexpr auto g = trace<f>("q");
