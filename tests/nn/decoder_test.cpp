// Decoder layers with memory, pre-norm and post-norm, stacks, and an encoder-decoder against loops.
#include <gtest/gtest.h>

#include "loops.h"

namespace heed::test {
namespace {

struct Source : like<Mem, "source"> {};

using Attn = nn::MultiHeadAttention<Model, Heads, Depth, Key>;
using Cross = nn::MultiHeadAttention<Model, Heads, Depth, Mem>;
using Norm = nn::LayerNorm<Model>;
using Mlp = nn::FeedForward<Model, Hidden>;
using Layer = nn::DecoderLayer<Norm, Attn, Cross, Mlp>;
using PostNormLayer = nn::PostNormDecoderLayer<Norm, Attn, Cross, Mlp>;
using M = Tensor<f32, Batch, Mem, Model>;

constexpr auto causal = variants::causal<Seq, Key>();

template <class Layers>
struct Decoder {
  Layers layers;
  constexpr X operator()(X x, M memory, Tensor<i32, Batch> valid) const {
    return layers(x, memory, causal, variants::padding<Mem>(valid));
  }
};

bool past(int i, int j) { return j <= i; }
bool everything(int, int) { return true; }

Rows preNorm(const Loops& f, const std::string& path, Rows x, const Rows& memory, const Loops::Sees& sees) {
  Rows y = f.norm(path + ".ln_1", x);
  x = f.add(x, f.attention(path + ".attn", y, y, past));
  x = f.add(x, f.attention(path + ".cross_attn", f.norm(path + ".ln_cross", x), memory, sees));
  return f.add(x, f.mlp(path + ".mlp", f.norm(path + ".ln_2", x)));
}
Rows postNorm(const Loops& f, const std::string& path, Rows x, const Rows& memory, const Loops::Sees& sees) {
  x = f.norm(path + ".ln_1", f.add(x, f.attention(path + ".attn", x, x, past)));
  x = f.norm(path + ".ln_cross", f.add(x, f.attention(path + ".cross_attn", x, memory, sees)));
  return f.norm(path + ".ln_2", f.add(x, f.mlp(path + ".mlp", x)));
}

const Checks checks{.tolerance = 2e-5, .below = {{"valid", 4}}};

TEST(Decoder, OneLayer) {
  static constexpr auto pre = trace(Decoder<Layer>{}, "x", "memory", "valid");
  static constexpr auto post = trace(Decoder<PostNormLayer>{}, "x", "memory", "valid");
  for (bool isPre : {true, false}) {
    auto meaning = [=](const Given& in) {
      return eachRow(in, in["x"], [&](const Loops& f, int b) {
        auto sees = [&](int, int j) { return j < in["valid"](b); };
        return (isPre ? preNorm : postNorm)(f, "layers", rowOf(in["x"], b), rowOf(in["memory"], b), sees);
      });
    };
    expectMeaning(isPre ? GraphView(pre) : GraphView(post), sizes, meaning, checks);
  }
}

using SourceAttn = nn::MultiHeadAttention<Model, Heads, Depth, Source>;
using EncoderLayer = nn::EncoderLayer<Norm, SourceAttn, Mlp>;

struct Translator {
  nn::EncoderDecoder<nn::Stack<2, EncoderLayer, Norm>, nn::Stack<2, Layer, Norm>> model;
  constexpr X operator()(M source, X target) const { return model(source, target, causal); }
};

TEST(EncoderDecoder, IsAStackOfEach) {
  static constexpr auto g = trace(Translator{}, "source", "target");
  auto meaning = [](const Given& in) {
    return eachRow(in, in["target"], [&](const Loops& f, int b) {
      Rows m = rowOf(in["source"], b), x = rowOf(in["target"], b);
      for (std::string path : {"model.encoder.layers.0", "model.encoder.layers.1"}) {
        Rows y = f.norm(path + ".ln_1", m);
        m = f.add(m, f.attention(path + ".attn", y, y, everything));
        m = f.add(m, f.mlp(path + ".mlp", f.norm(path + ".ln_2", m)));
      }
      m = f.norm("model.encoder.norm", m);
      for (std::string path : {"model.decoder.layers.0", "model.decoder.layers.1"})
        x = preNorm(f, path, x, m, everything);
      return f.norm("model.decoder.norm", x);
    });
  };
  Explained explained = expectMeaning(g, sizes, meaning, checks);
  EXPECT_GE(explained.kernels, 3) << explained.text;
  EXPECT_EQ(explained.text.find("not fused"), std::string::npos) << explained.text;
}

}  // namespace
}  // namespace heed::test
