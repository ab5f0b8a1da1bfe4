// expect: heed: trace: give a function, a lambda or a module whose parameters are tensors, not auto
#include "axes.h"

constexpr auto f(auto x) { return exp(x); }
constexpr auto g = trace<f>("x");
