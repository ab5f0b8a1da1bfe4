// expect: heed: take<Axis>(table, rows): rows must be of type i32
#include "axes.h"

constexpr auto f(Tensor<f32, Vocab, Model> table, Tensor<f32, Seq> ids) { return take<Vocab>(table, ids); }
constexpr auto g = trace<f>("table", "ids");
