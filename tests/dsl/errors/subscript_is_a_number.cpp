// expect: heed: x[i]: i is an index, such as index<Key>(); use take<Axis>(x, i) to look up rows
#include "axes.h"

constexpr auto f(Tensor<f32, Seq> x) { return x[0]; }
constexpr auto g = trace<f>("x");
