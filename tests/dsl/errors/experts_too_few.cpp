// expect: heed: nn::MixtureOfExperts: K is at least 1 and at most the number of experts
#include "axes.h"

struct Net {
  nn::MixtureOfExperts<Model, Hidden, Heads, 9> moe;
  constexpr auto operator()(Tensor<f32, Seq, Model> x) const { return moe(x); }
};
constexpr auto g = trace(Net{}, "x");
