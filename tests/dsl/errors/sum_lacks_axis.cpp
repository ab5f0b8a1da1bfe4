// expect: heed: sum, mean, amax, amin<Axis...>(x): x has no such axis
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Key> s) { return sum<Key, Depth>(s); }
constexpr auto g = trace<f>("s");
