// expect: heed: trace: the function must return a tensor, or several in a tuple or a struct
#include "axes.h"

constexpr int f(Tensor<f32, Seq>) { return 1; }
constexpr auto g = trace<f>("x");
