// expect: heed: trace: the compiler cannot run this function; it and all that it calls must be constexpr, else use traceAtRunTime
#include "axes.h"

auto f(Tensor<f32, Seq> s) { return exp(s); }
constexpr auto g = trace<f>("s");
