// expect: heed: Array<T, Axes...>: T is one of i1, i32, f16, bf16, f32, or one of them const
#include "axes.h"

void run() { Array<float, Seq> q(1); }
