// expect: heed: Tensor<T, Axes...>: T is one of i1, i32, f16, bf16, f32
#include "axes.h"

Tensor<Seq, Depth, f32> x;
