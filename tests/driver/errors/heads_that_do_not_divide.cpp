// expect: heed: part<Whole, Parts, name>: the extent of Parts does not divide that of Whole
#include "axes.h"

struct Three : axis<"three", 3> {};
struct Third : part<Model, Three, "third"> {};
struct Net {
  nn::MultiHeadAttention<Model, Three, Third, Key> attn;
  constexpr Tensor<f32, Seq, Model> operator()(Tensor<f32, Seq, Model> x) const { return attn(x); }
};
constexpr auto g = trace(Net{}, "x");
