// expect: heed: a module's fields, at most 32, are tensors, modules, Repeat, std::array or numbers
#include "axes.h"

struct Net {
  Tensor<f32, Seq> weight;
  const char* name = "";
  constexpr Tensor<f32, Seq> operator()(Tensor<f32, Seq> x) const { return x * weight; }
};
constexpr auto g = trace(Net{}, "x");
