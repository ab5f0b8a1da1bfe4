// expect: heed: nn::Linear<From, To>(x): x has no axis From
#include "axes.h"

struct Net {
  nn::Embedding<Model, Vocab> wte;
  nn::Linear<Model, Hidden> up;
  constexpr auto operator()(Tensor<i32, Seq> ids) const { return up(wte(ids)); }
};
constexpr auto g = trace(Net{}, "ids");
