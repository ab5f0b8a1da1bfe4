// expect: heed: axis<name>: an axis needs a name
#include "axes.h"

struct Nameless : axis<""> {};
constexpr auto f(Tensor<f32, Nameless> q) { return q; }
constexpr auto g = trace<f>("q");
