// expect: heed: split<Axis, Parts...>(x): the parts do not multiply to the axis's extent
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Model> x) { return split<Model, Heads, Hidden>(x); }
constexpr auto g = trace<f>("x");
