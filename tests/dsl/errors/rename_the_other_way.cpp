// expect: heed: rename<From, To>(x): x has no axis From
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Heads, Depth> q) { return rename<Key, Seq>(q); }
constexpr auto g = trace<f>("q");
