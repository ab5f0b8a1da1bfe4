// expect: heed: take<Axis>(table, rows): table has no such axis
#include "axes.h"

constexpr auto f(Tensor<f32, Vocab, Model> t, Tensor<i32, Seq> ids) { return take<Vocab>(ids, t); }
constexpr auto g = trace<f>("t", "ids");
