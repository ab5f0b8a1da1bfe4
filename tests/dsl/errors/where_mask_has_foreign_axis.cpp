// expect: heed: where(mask, x, other): mask has an axis that x does not have
#include "axes.h"

constexpr auto f(Tensor<f32, Batch, Heads, Seq, Key> scores, Tensor<i1, Batch, Other> padding) {
  return softmax<Key>(where(index<Key>() <= index<Seq>() && padding, scores, -inf));
}
constexpr auto g = trace<f>("scores", "padding");
