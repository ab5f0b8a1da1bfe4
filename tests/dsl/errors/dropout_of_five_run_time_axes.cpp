// expect: heed: nn::Dropout: at most four axes of x may have an extent bound at run time
#include "axes.h"

struct More : axis<"more"> {};
struct Net {
  nn::Dropout drop;
  constexpr auto operator()(Tensor<f32, Batch, Seq, Key, Other, More> x, Tensor<i32> seed) const {
    return drop(x, seed);
  }
};
constexpr auto g = trace(Net{}, "x", "seed");
