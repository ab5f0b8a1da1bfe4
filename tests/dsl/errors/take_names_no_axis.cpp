// expect: heed: take<Axis>(table, i): call it like this, with types in <> and tensors in ()
#include "axes.h"

constexpr auto f(Tensor<f32, Vocab, Model> t, Tensor<i32, Seq> ids) { return take(t, ids); }
constexpr auto g = trace<f>("t", "ids");
