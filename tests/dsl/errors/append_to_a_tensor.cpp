// expect: heed: append<Seq, Key>(state, x): state must be a State<T, Axes...>, a field of the module
#include "axes.h"

struct Tokens : sequence<"tokens", Batch> {};
struct Past : memory<Tokens, "past"> {};
struct Net {
  constexpr auto operator()(Tensor<f32, Batch, Past, Depth> state, Tensor<f32, Batch, Tokens, Depth> x) const {
    return append<Tokens, Past>(state, x);
  }
};
constexpr auto g = trace(Net{}, "state", "x");
