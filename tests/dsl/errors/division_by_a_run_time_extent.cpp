// expect: heed: Axis::size: this axis has no static extent; declare it as axis<"name", extent>
#include "axes.h"

constexpr auto f(Tensor<f32, Seq> x) { return x / Seq::size; }
constexpr auto g = trace<f>("x");
