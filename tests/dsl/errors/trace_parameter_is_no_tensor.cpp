// expect: heed: trace: every parameter of the function must be a Tensor<T, Axes...>
#include "axes.h"

constexpr auto f(Tensor<f32, Seq> x, float scale) { return x * scale; }
constexpr auto g = trace<f>("x", "scale");
