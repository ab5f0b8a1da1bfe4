// expect: heed: variants::documents<Seq, Documents>(starts): starts are of type i32
#include "axes.h"

constexpr auto f(Tensor<f32, Other> starts) { return variants::documentPosition<Seq, Other>(starts); }
constexpr auto g = trace<f>("starts");
