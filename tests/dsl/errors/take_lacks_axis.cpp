// expect: heed: take<Axis>(table, rows): table has no such axis
#include "axes.h"

constexpr auto f(Tensor<f32, Vocab, Model> table, Tensor<i32, Seq> ids) { return take<Depth>(table, ids); }
constexpr auto g = trace<f>("table", "ids");
