// expect: heed: append<Seq, Key>(state, x): the state does not remember along Key
#include "axes.h"

struct Tokens : sequence<"tokens", Batch> {};
struct Past : memory<Tokens, "past"> {};
struct Net {
  State<f32, Batch, Past, Depth> keys;
  constexpr auto operator()(Tensor<f32, Batch, Tokens, Depth> x) const { return append<Tokens, Key>(keys, x); }
};
constexpr auto g = trace(Net{}, "x");
