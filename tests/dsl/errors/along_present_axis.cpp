// expect: heed: along<Axis>(x): x already has that axis
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Depth> x) { return along<Seq>(x); }
constexpr auto g = trace<f>("x");
