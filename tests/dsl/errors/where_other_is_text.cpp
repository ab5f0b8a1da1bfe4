// expect: heed: where(mask, x, other): x or other is neither a tensor nor a number
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Key> x) { return where(index<Key>() <= index<Seq>(), x, "-inf"); }
constexpr auto g = trace<f>("x");
