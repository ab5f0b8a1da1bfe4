// expect: heed: logsumexp<Axis>(x): x has no such axis
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Key> s) { return logsumexp<Depth>(s); }
constexpr auto g = trace<f>("s");
