// expect: heed: results(a, b): one of them is no tensor; what is made of index<> and numbers alone is none
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Key> s) { return results(s, index<Key>() + 1); }
constexpr auto g = trace<f>("s");
