// expect: heed: two axis types of one name in one graph; give each its own name
#include "axes.h"

struct Wide : axis<"depth", 128> {};
constexpr auto f(Tensor<f32, Seq, Depth> x, Tensor<f32, Key, Wide> y) { return results(exp(x), exp(y)); }
constexpr auto g = trace<f>("x", "y");
