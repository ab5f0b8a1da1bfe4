// Encoder layers, pre-norm and post-norm, and stacks of them against loops.
#include <gtest/gtest.h>

#include "loops.h"

namespace heed::test {
namespace {

using Attn = nn::MultiHeadAttention<Model, Heads, Depth, Key>;
using Norm = nn::LayerNorm<Model>;
using Mlp = nn::FeedForward<Model, Hidden>;
using Layer = nn::EncoderLayer<Norm, Attn, Mlp>;
using PostNormLayer = nn::PostNormEncoderLayer<Norm, Attn, Mlp>;

template <class Layers>
struct Padded {
  Layers layers;
  constexpr X operator()(X x, Tensor<i32, Batch> valid) const { return layers(x, variants::padding<Key>(valid)); }
};
template <class Layers>
struct Plain {
  Layers layers;
  constexpr X operator()(X x) const { return x | layers; }
};

Rows preNorm(const Loops& f, const std::string& path, Rows x, const Loops::Sees& sees) {
  Rows y = f.norm(path + ".ln_1", x);
  x = f.add(x, f.attention(path + ".attn", y, y, sees));
  return f.add(x, f.mlp(path + ".mlp", f.norm(path + ".ln_2", x)));
}
Rows postNorm(const Loops& f, const std::string& path, Rows x, const Loops::Sees& sees) {
  x = f.norm(path + ".ln_1", f.add(x, f.attention(path + ".attn", x, x, sees)));
  return f.norm(path + ".ln_2", f.add(x, f.mlp(path + ".mlp", x)));
}

/// One layer, or a stack of `count`, then a norm if there is one.
Meaning encoder(Rows (*layer)(const Loops&, const std::string&, Rows, const Loops::Sees&), int count, bool padded) {
  return [=](const Given& in) {
    return eachRow(in, in["x"], [&](const Loops& f, int b) {
      Rows x = rowOf(in["x"], b);
      auto sees = [&](int, int j) { return !padded || j < in["valid"](b); };
      if (count == 0) return layer(f, "layers", x, sees);
      for (int n = 0; n < count; ++n) x = layer(f, "layers.layers." + std::to_string(n), x, sees);
      return layer == preNorm ? f.norm("layers.norm", x) : x;
    });
  };
}

const Checks checks{.tolerance = 2e-5, .below = {{"valid", 3}}};

TEST(Encoder, OneLayer) {
  static constexpr auto pre = trace(Plain<Layer>{}, "x");
  static constexpr auto post = trace(Plain<PostNormLayer>{}, "x");
  expectMeaning(pre, sizes, encoder(preNorm, 0, false), checks);
  expectMeaning(post, sizes, encoder(postNorm, 0, false), checks);
}

TEST(Encoder, Stacks) {
  static constexpr auto pre = trace(Padded<nn::Stack<2, Layer, Norm>>{}, "x", "valid");
  static constexpr auto post = trace(Padded<nn::Stack<2, PostNormLayer>>{}, "x", "valid");
  static_assert(post.parameter("layers.layers.1.ln_2.bias") == post.count(op::param) - 1);
  expectMeaning(pre, sizes, encoder(preNorm, 2, true), checks);
  expectMeaning(post, sizes, encoder(postNorm, 2, true), checks);
}

}  // namespace
}  // namespace heed::test
