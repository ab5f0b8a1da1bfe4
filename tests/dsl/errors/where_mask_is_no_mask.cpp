// expect: heed: where(mask, x, other): mask must be a mask, such as a comparison
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Key> scores, Tensor<i32, Key> keep) { return where(keep, scores, -inf); }
constexpr auto g = trace<f>("scores", "keep");
