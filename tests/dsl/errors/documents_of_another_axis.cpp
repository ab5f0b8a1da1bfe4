// expect: heed: variants::documents<Seq, Documents>(starts): starts is along Documents, not along Seq
#include "axes.h"

constexpr auto f(Tensor<i32, Batch, Seq> starts) { return variants::documents<Seq, Other>(starts); }
constexpr auto g = trace<f>("starts");
