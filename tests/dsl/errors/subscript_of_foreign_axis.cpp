// expect: heed: x[i]: no axis of x is the index's axis, nor the one it is like; use take<Axis>(x, i)
#include "axes.h"

constexpr auto f(Tensor<i32, Batch, Seq> document) { return document[index<Other>()] == document[index<Seq>()]; }
constexpr auto g = trace<f>("document");
