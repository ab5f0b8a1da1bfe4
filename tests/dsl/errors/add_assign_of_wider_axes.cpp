// expect: heed: x += y and its kin: the result is of another type than x; auto z = x + y
#include "axes.h"

constexpr auto f(Tensor<f32, Seq> s, Tensor<f32, Seq, Key> t) { s += t; return s; }
constexpr auto g = trace<f>("s", "t");
