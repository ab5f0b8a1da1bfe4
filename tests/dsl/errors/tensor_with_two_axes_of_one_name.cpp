// expect: heed: Tensor<T, Axes...>: two axes of one name in one tensor
#include "axes.h"

struct AlsoSeq : axis<"seq"> {};
Tensor<f32, Seq, AlsoSeq> x;
