// expect: heed: part<Whole, Parts, name>: the extent of Parts does not divide that of Whole
#include "axes.h"

struct Three : axis<"three", 3> {};
struct Third : part<Model, Three, "third"> {};
constexpr auto f(Tensor<f32, Seq, Three, Third> x) { return x; }
constexpr auto g = trace<f>("x");
