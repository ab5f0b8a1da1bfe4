// expect: heed: graph.parameter(path): the model has no parameter of this name
#include "axes.h"

struct Layer {
  nn::Linear<Model, Hidden> up;
  constexpr auto operator()(Tensor<f32, Seq, Model> x) const { return up(x); }
};
constexpr auto g = trace(Layer{}, "x");
constexpr int id = g.parameter("up.weigth");
