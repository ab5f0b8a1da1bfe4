// expect: heed: append<Seq, Key>(state, x): x needs the axes of the state, Seq for Key
#include "axes.h"

struct Tokens : sequence<"tokens", Batch> {};
struct Past : memory<Tokens, "past"> {};
struct Net {
  State<f32, Batch, Past, Depth> keys;
  constexpr auto operator()(Tensor<f32, Tokens, Depth> x) const { return append<Tokens, Past>(keys, x); }
};
constexpr auto g = trace(Net{}, "x");
