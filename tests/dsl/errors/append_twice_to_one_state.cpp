// expect: heed: append: this state has an append already; give each a State of its own
#include "axes.h"

struct Tokens : sequence<"tokens", Batch> {};
struct Past : memory<Tokens, "past"> {};
struct Net {
  State<f32, Batch, Past, Depth> keys;
  constexpr auto operator()(Tensor<f32, Batch, Tokens, Depth> x) const {
    auto a = append<Tokens, Past>(keys, x);
    auto b = append<Tokens, Past>(keys, x * 2);
    return a + b;
  }
};
constexpr auto g = trace(Net{}, "x");
