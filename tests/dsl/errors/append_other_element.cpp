// expect: heed: append<Seq, Key>(state, x): x has another element type; cast<T>(x)
#include "axes.h"

struct Tokens : sequence<"tokens", Batch> {};
struct Past : memory<Tokens, "past"> {};
struct Net {
  State<bf16, Batch, Past, Depth> keys;
  constexpr auto operator()(Tensor<f32, Batch, Tokens, Depth> x) const { return append<Tokens, Past>(keys, x); }
};
constexpr auto g = trace(Net{}, "x");
