// Lesson 9: a T5-style model. Nothing is added to its words to say where they are: every score gains by how far its key
// is from its query.
//
//   09_t5 --random=tiny.safetensors
//   09_t5 --weights=tiny.safetensors --prompt=5,9,2,7 --prompt=11,3 --tokens=16
//   09_t5 --size=small --weights=t5-small --prompt=13959,1566,12,2968,10,2149,1
//   09_t5 --family=flan --size=small --weights=flan-t5-small --prompt=13959,1566,12,2968,10,2149,1
#include <CLI/CLI.hpp>

#include "generate.h"

using namespace heed;

struct Batch : axis<"batch"> {};
struct Word : axis<"word"> {};
struct WordKey : like<Word, "word_key"> {};
struct Source : sequence<"source", Batch> {};
struct SourceKey : memory<Source, "source_key"> {};
struct Seq : sequence<"seq", Batch> {};
struct Key : memory<Seq, "key"> {};
struct Asked : axis<"asked"> {};  // the tokens that are asked for the next one: of a prompt, the last
struct Buckets : axis<"buckets", 32> {};

/// Raffel et al., arXiv:1910.10683.
struct First {
  static constexpr bool gated = false;  // the feed-forward
  static constexpr bool tied = true;    // the head is the table of words
};
/// T5 1.1 and Flan-T5: a gated feed-forward (Shazeer, arXiv:2002.05202) and a head of its own.
struct Flan {
  static constexpr bool gated = true, tied = false;
};

/// For one set of extents.
template <class Family, int LayerCount, int ModelSize, int HeadCount, int DepthSize, int HiddenSize, int VocabSize>
struct T5 {
  struct Vocab : axis<"vocab", VocabSize> {};
  struct Model : axis<"model", ModelSize> {};
  struct Heads : axis<"heads", HeadCount> {};
  struct Depth : axis<"depth", DepthSize> {};
  struct Hidden : axis<"hidden", HiddenSize> {};
  using Norm = nn::RMSNorm<Model>;
  using Table = Tensor<f32, Buckets, Heads>;

  /// Scores are not scaled: the weights are, from their first day on.
  template <class K>
  struct Attention {
    nn::LinearNoBias<Model, axes<Heads, Depth>> q, k, v;
    nn::LinearNoBias<axes<Heads, Depth>, Model> o;
    nn::Remembered<K, Heads, Depth> keys, values;

    constexpr auto operator()(auto x, auto memory, auto bias, auto visible) const {
      auto scores = contract<Depth>(q(x), nn::remember<K>(keys, k(memory))) + bias;
      return o(nn::attend<K>(where(visible, scores, -inf), nn::remember<K>(values, v(memory))));
    }
  };
  struct ReluMlp {
    nn::LinearNoBias<Model, Hidden> up;
    nn::LinearNoBias<Hidden, Model> down;
    constexpr auto operator()(auto x) const { return down(relu(up(x))); }
  };
  using Mlp = std::conditional_t<Family::gated, nn::GeGLU<Model, Hidden, nn::GeluTanh>, ReluMlp>;

  struct EncoderBlock {
    using X = Tensor<f32, Batch, Word, Model>;
    Norm attn_norm;
    Attention<WordKey> attn;
    Norm mlp_norm;
    Mlp mlp;
    constexpr X operator()(X x, Table table, Tensor<i32, Batch> lengths) const {
      auto bias = nn::RelativeBias<Word, WordKey, Buckets, Heads>{table}();
      X y = attn_norm(x);
      x = x + attn(y, y, bias, variants::padding<WordKey>(lengths));
      return x + mlp(mlp_norm(x));
    }
  };
  struct Encoder {
    nn::Embedding<Vocab, Model> shared;
    struct {
      nn::Embedding<Buckets, Heads> bias;
      Repeat<LayerCount, EncoderBlock> block;
      Norm final_layer_norm;
    } encoder;
    constexpr Tensor<f32, Batch, Word, Model> operator()(Tensor<i32, Batch, Word> ids,
                                                         Tensor<i32, Batch> lengths) const {
      return encoder.block(shared(ids), encoder.bias.weight, lengths) | encoder.final_layer_norm;
    }
  };

  struct DecoderBlock {
    using X = Tensor<f32, Batch, Seq, Model>;
    Norm attn_norm;
    Attention<Key> attn;
    Norm cross_norm;
    Attention<SourceKey> cross;
    Norm mlp_norm;
    Mlp mlp;
    constexpr X operator()(X x, Tensor<f32, Batch, Source, Model> source, Table table,
                           Tensor<i32, Batch> lengths) const {
      auto bias = nn::RelativeBias<Seq, Key, Buckets, Heads>{table, true}();
      X y = attn_norm(x);
      x = x + attn(y, y, bias, variants::causal<Seq, Key>());
      x = x + cross(cross_norm(x), source, 0, variants::padding<SourceKey>(lengths));
      return x + mlp(mlp_norm(x));
    }
  };
  struct Decoder {
    nn::Embedding<Vocab, Model> shared;
    struct {
      nn::Embedding<Buckets, Heads> bias;
      Repeat<LayerCount, DecoderBlock> block;
      Norm final_layer_norm;
    } decoder;
    std::conditional_t<Family::tied, nn::None, nn::LinearNoBias<Model, Vocab>> lm_head;
    constexpr Tensor<f32, Batch, Asked, Vocab> operator()(Tensor<i32, Batch, Seq> ids, Tensor<i32, Batch, Asked> asked,
                                                          Tensor<f32, Batch, Source, Model> source,
                                                          Tensor<i32, Batch> lengths) const {
      auto x = decoder.block(shared(ids), source, decoder.bias.weight, lengths);
      auto last = decoder.final_layer_norm(take<Seq>(x, asked));
      if constexpr (Family::tied)
        return shared.logits(last) * rsqrt(ModelSize);
      else
        return lm_head(last);
    }
  };

  static constexpr auto encoder = trace(Encoder{}, "ids", "lengths");
  static constexpr auto decoder = trace(Decoder{}, "ids", "asked", "source", "lengths");

  static lesson::Published published(const heed::Pattern& other) {
    lesson::Published all{
        .names = {{"encoder.block.0.layer.0.SelfAttention.relative_attention_bias.*", "encoder.bias.*"},
                  {"decoder.block.0.layer.0.SelfAttention.relative_attention_bias.*", "decoder.bias.*"},
                  {"*coder.block.*.layer.0.SelfAttention.*", "*coder.block.*.attn.*"},
                  {"*coder.block.*.layer.0.layer_norm.*", "*coder.block.*.attn_norm.*"},
                  {"encoder.block.*.layer.1.layer_norm.*", "encoder.block.*.mlp_norm.*"},
                  {"decoder.block.*.layer.1.EncDecAttention.*", "decoder.block.*.cross.*"},
                  {"decoder.block.*.layer.1.layer_norm.*", "decoder.block.*.cross_norm.*"},
                  {"decoder.block.*.layer.2.layer_norm.*", "decoder.block.*.mlp_norm.*"}},
        .ignore = {other, "*coder.embed_tokens.weight",
                   "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"},
        .config = {{"d_model", ModelSize},
                   {"num_layers", LayerCount},
                   {"num_heads", HeadCount},
                   {"d_kv", DepthSize},
                   {"d_ff", HiddenSize},
                   {"vocab_size", VocabSize},
                   {"relative_attention_num_buckets", Buckets::size},
                   {"feed_forward_proj", Family::gated ? "gated-gelu" : "relu"},
                   {"tie_word_embeddings", Family::tied},
                   {"layer_norm_epsilon", 1e-6}}};
    for (auto [half, layer] : {std::pair("encoder", "1"), std::pair("decoder", "2")}) {
      const std::string there = std::string(half) + ".block.*.", dense = there + "layer." + layer + ".DenseReluDense.";
      all.names.push_back({dense + (Family::gated ? "wi_1.*" : "wi.*"), there + "mlp.up.*"});
      if (Family::gated) all.names.push_back({dense + "wi_0.*", there + "mlp.gate.*"});
      all.names.push_back({dense + "wo.*", there + "mlp.down.*"});
    }
    // Only the decoder has a head, which the tied one does not read.
    if (Family::tied || other == "decoder.") all.ignore.push_back("lm_head.weight");
    return all;
  }
};

int main(int argc, char** argv) {
  lesson::Generation generation;
  std::string family = "t5", size = "tiny";
  auto options = [&](CLI::App& app) {
    generation.addTo(app);
    app.add_option("--family", family, "whose model it is; flan: that of T5 1.1 too")
        ->check(lesson::oneOf({"t5", "flan"}))
        ->capture_default_str();
    app.add_option("--size", size, "of the model")->check(lesson::oneOf({"tiny", "small"}))->capture_default_str();
  };
  return lesson::guarded(argc, argv, "A T5-style model", options, [&](const lesson::CommandLine& line) {
    auto run = [&]<class T>(const T&) {
      auto encoder = lesson::compile(T::encoder, line);
      auto decoder = lesson::compile(T::decoder, line);
      generation.translate({encoder.runner(), T::published("decoder.")}, {decoder.runner(), T::published("encoder.")},
                           line);
    };
    const bool tiny = size == "tiny";
    if (family == "t5") tiny ? run(T5<First, 2, 48, 4, 16, 96, 128>{}) : run(T5<First, 6, 512, 8, 64, 2048, 32128>{});
    if (family == "flan") tiny ? run(T5<Flan, 2, 48, 4, 16, 96, 128>{}) : run(T5<Flan, 8, 512, 6, 64, 1024, 32128>{});
  });
}
