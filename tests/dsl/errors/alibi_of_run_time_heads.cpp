// expect: heed: variants::alibiSlopes<Heads>(): Heads needs a static extent
#include "axes.h"

constexpr auto f(Tensor<f32, Other> x) { return x * variants::alibiSlopes<Other>(); }
constexpr auto g = trace<f>("x");
