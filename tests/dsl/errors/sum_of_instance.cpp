// expect: heed: sum<Axis...>(x): call it like this, with types in <> and tensors in ()
#include "axes.h"

constexpr auto f(Tensor<f32, Seq, Key> s) { return sum<Key{}>(s); }
constexpr auto g = trace<f>("s");
