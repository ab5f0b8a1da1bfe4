// expect: heed: sum, mean, amax, amin<Axis...>(x): x is a mask; use cast<f32>(x)
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Key> s) { return mean<Key>(s > 0); }
constexpr auto g = trace<f>("s");
