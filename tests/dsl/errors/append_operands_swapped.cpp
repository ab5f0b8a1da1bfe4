// expect: heed: append<Seq, Key>(state, x): call it like this, with types in <> and tensors in ()
#include "axes.h"

struct Tokens : sequence<"tokens", Batch> {};
struct Past : memory<Tokens, "past"> {};
struct Net {
  State<f32, Batch, Past, Depth> keys;
  constexpr auto operator()(Tensor<f32, Batch, Tokens, Depth> x) const { return append<Tokens, Past>(x, keys); }
};
constexpr auto g = trace(Net{}, "x");
