// expect: heed: trace<f>: a lambda with captures cannot be a constant graph; use traceAtRunTime
#include "axes.h"

constexpr float scale = 3;
constexpr auto f = [s = scale](Tensor<f32, Seq> x) { return x * s; };
constexpr auto g = trace<f>("x");
