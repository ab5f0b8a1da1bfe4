// expect: heed: trace: the compiler cannot run this function; it and all that it calls must be constexpr, else use traceAtRunTime
#include "axes.h"

struct Net {
  Tensor<f32, Seq> w;
  Tensor<f32, Seq> operator()(Tensor<f32, Seq> s) const { return exp(s) * w; }
};
constexpr auto g = trace(Net{}, "s");
