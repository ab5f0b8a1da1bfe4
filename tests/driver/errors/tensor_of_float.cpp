// expect: heed: Tensor<T, Axes...>: T is one of i1, i32, f16, bf16, f32
#include "axes.h"

constexpr auto f(Tensor<float, Seq> q) { return q; }
constexpr auto g = trace<f>("q");
