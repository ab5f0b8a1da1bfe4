// expect: heed: split<Axis, Parts...>(x): name at least two parts
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Model> q) { return split<Model, Heads>(q); }
constexpr auto g = trace<f>("q");
