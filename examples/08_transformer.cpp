// Lesson 8: the Transformer of 2017, an encoder and a decoder, translates. The decoder is told the source once, in the
// call of its first token, and remembers it as it remembers its own words.
//
//   08_transformer --random=tiny.safetensors
//   08_transformer --weights=tiny.safetensors --prompt=5,9,2,7 --prompt=11,3 --tokens=16
//   08_transformer --size=marian --weights=opus-mt-en-de --tokenizer=tokenizer.json --prompt="Your journey starts
//   here."
#include <CLI/CLI.hpp>

#include "generate.h"

using namespace heed;

struct Batch : axis<"batch"> {};
struct Word : axis<"word"> {};  // the source, while it is encoded
struct WordKey : like<Word, "word_key"> {};
struct Source : sequence<"source", Batch> {};  // the source, as the decoder is told of it
struct SourceKey : memory<Source, "source_key"> {};
struct Seq : sequence<"seq", Batch> {};
struct Key : memory<Seq, "key"> {};
struct Asked : axis<"asked"> {};  // the tokens that are asked for the next one: of a prompt, the last

/// As in the paper (arXiv:1706.03762).
struct Paper {
  using Activation = nn::Relu;
  template <class Tokens, class Model>
  using Positions = nn::Sinusoidal<Tokens, Model>;
  template <class Vocab>
  using Bias = nn::None;
};
/// As Marian has it, and with it the published translation models of opus-mt.
struct Marian {
  using Activation = nn::Silu;
  template <class Tokens, class Model>
  using Positions = nn::Sinusoidal<Tokens, Model, nn::HalfSplit>;
  template <class Vocab>
  using Bias = Tensor<f32, Vocab>;
};

template <class Kind, int LayerCount, int ModelSize, int HeadCount, int HiddenSize>
struct Transformer {
  struct Vocab : axis<"vocab"> {};  // as many as the weights have
  struct Model : axis<"model", ModelSize> {};
  struct Heads : axis<"heads", HeadCount> {};
  struct Depth : part<Model, Heads, "depth"> {};
  struct Hidden : axis<"hidden", HiddenSize> {};

  using Norm = nn::LayerNorm<Model>;
  using Mlp = nn::FeedForward<Model, Hidden, typename Kind::Activation>;
  template <class K>
  using Attention = nn::MultiHeadAttention<Model, Heads, Depth, K>;

  struct Encoder {
    nn::Embedding<Vocab, Model> shared;
    typename Kind::template Positions<Word, Model> positions;
    nn::Stack<LayerCount, nn::PostNormEncoderLayer<Norm, Attention<WordKey>, Mlp>> encoder;

    constexpr Tensor<f32, Batch, Word, Model> operator()(Tensor<i32, Batch, Word> ids,
                                                         Tensor<i32, Batch> lengths) const {
      return encoder(shared(ids) * sqrt(Model::size) | positions, variants::padding<WordKey>(lengths));
    }
  };

  struct Decoder {
    nn::Embedding<Vocab, Model> shared;
    typename Kind::template Positions<Seq, Model> positions;
    nn::Stack<LayerCount, nn::PostNormDecoderLayer<Norm, Attention<Key>, Attention<SourceKey>, Mlp>> decoder;
    typename Kind::template Bias<Vocab> final_logits_bias;

    constexpr Tensor<f32, Batch, Asked, Vocab> operator()(Tensor<i32, Batch, Seq> ids, Tensor<i32, Batch, Asked> asked,
                                                          Tensor<f32, Batch, Source, Model> source,
                                                          Tensor<i32, Batch> lengths) const {
      auto x = shared(ids) * sqrt(Model::size) | positions;
      x = decoder(x, source, variants::causal<Seq, Key>(), variants::padding<SourceKey>(lengths));
      auto logits = shared.logits(take<Seq>(x, asked));
      if constexpr (std::is_same_v<Kind, Marian>)
        return logits + final_logits_bias;
      else
        return logits;
    }
  };

  static constexpr auto encoder = trace(Encoder{}, "ids", "lengths");
  static constexpr auto decoder = trace(Decoder{}, "ids", "asked", "source", "lengths");

  /// One half leaves the parameters of the other alone.
  static lesson::Published published(const heed::Pattern& other) {
    return {.names = {{"model.", ""},
                      {"*coder.layers.*.self_attn.q_proj.*", "*coder.layers.*.attn.q.*"},
                      {"*coder.layers.*.self_attn.k_proj.*", "*coder.layers.*.attn.k.*"},
                      {"*coder.layers.*.self_attn.v_proj.*", "*coder.layers.*.attn.v.*"},
                      {"*coder.layers.*.self_attn.out_proj.*", "*coder.layers.*.attn.out.*"},
                      {"*coder.layers.*.encoder_attn.q_proj.*", "*coder.layers.*.cross_attn.q.*"},
                      {"*coder.layers.*.encoder_attn.k_proj.*", "*coder.layers.*.cross_attn.k.*"},
                      {"*coder.layers.*.encoder_attn.v_proj.*", "*coder.layers.*.cross_attn.v.*"},
                      {"*coder.layers.*.encoder_attn.out_proj.*", "*coder.layers.*.cross_attn.out.*"},
                      {"*coder.layers.*.self_attn_layer_norm.*", "*coder.layers.*.ln_1.*"},
                      {"*coder.layers.*.encoder_attn_layer_norm.*", "*coder.layers.*.ln_cross.*"},
                      {"*coder.layers.*.fc1.*", "*coder.layers.*.mlp.up.*"},
                      {"*coder.layers.*.fc2.*", "*coder.layers.*.mlp.down.*"},
                      {"*coder.layers.*.final_layer_norm.*", "*coder.layers.*.ln_2.*"}},
            .ignore = {other, "*coder.embed_tokens.weight", "*coder.embed_positions.weight", "lm_head.weight",
                       other == "decoder." ? "final_logits_bias" : other},
            .config = {{"d_model", ModelSize},
                       {"encoder_layers", LayerCount},
                       {"decoder_layers", LayerCount},
                       {"encoder_attention_heads", HeadCount},
                       {"decoder_attention_heads", HeadCount},
                       {"encoder_ffn_dim", HiddenSize},
                       {"decoder_ffn_dim", HiddenSize},
                       {"activation_function", std::is_same_v<Kind, Marian> ? "swish" : "relu"},
                       {"scale_embedding", true},
                       {"normalize_before", false}}};
  }
};

int main(int argc, char** argv) {
  lesson::Generation generation;
  std::string size = "tiny";
  std::optional<std::int32_t> start;
  auto options = [&](CLI::App& app) {
    generation.addTo(app);
    app.add_option("--size", size, "of the model")
        ->check(lesson::oneOf({"tiny", "base", "marian"}))
        ->capture_default_str();
    app.add_option("--start", start, "the token before the first; by default that of config.json, or 0");
  };
  return lesson::guarded(argc, argv, "The Transformer of 2017", options, [&](const lesson::CommandLine& line) {
    auto run = [&]<class T>(const T&) {
      auto encoder = lesson::compile(T::encoder, line);
      auto decoder = lesson::compile(T::decoder, line);
      generation.translate({encoder.runner(), T::published("decoder.")}, {decoder.runner(), T::published("encoder.")},
                           line, start);
    };
    if (size == "tiny") run(Transformer<Paper, 2, 48, 4, 96>{});
    if (size == "base") run(Transformer<Paper, 6, 512, 8, 2048>{});
    if (size == "marian") run(Transformer<Marian, 6, 512, 8, 2048>{});
  });
}
