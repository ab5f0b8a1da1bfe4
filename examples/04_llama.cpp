// Lesson 4: a language model on one page. It reads a checkpoint under its published names and generates, one token a
// call; what it was told before it remembers. A prompt and a single token are one formula, compiled once.
//
//   04_llama --random=tiny.safetensors                    writes weights to play with
//   04_llama --weights=tiny.safetensors --prompt=1,5,9 --prompt=7 --tokens=16
//   04_llama --family=qwen3 --size=published --weights=Qwen3-0.6B --tokenizer=Qwen3-0.6B --prompt="Attention is"
#include <CLI/CLI.hpp>

#include "generate.h"

using namespace heed;

struct Batch : axis<"batch"> {};
struct Seq : sequence<"seq", Batch> {};  // the tokens of one call; each row of the batch has a past of its own
struct Key : memory<Seq, "key"> {};      // the tokens of all calls
struct Asked : axis<"asked"> {};         // the tokens that are asked for the next one: of a prompt, the last

/// How many: of heads, those of the keys and the queries that share one.
struct Sizes {
  int layers = 4, model = 64, key_heads = 2, group = 2, depth = 16, hidden = 176, vocab = 330;
  int window = 8;  // of those that have one
};

/// What the members of the family have of their own; the first is Llama itself (arXiv:2302.13971).
struct Llama2 {
  static constexpr Sizes published{22, 2048, 4, 8, 64, 5632, 32000};  // TinyLlama-1.1B
  static constexpr const char* type = "llama";
  static constexpr double base = 10000, epsilon = 1e-5;
  static constexpr bool tied = false;  // the head is the table of words
  static constexpr bool windowed = false;
  template <class From, class To>
  using Projection = nn::LinearNoBias<From, To>;
  template <class Depth>
  using Norm = nn::None;
  static constexpr nn::Unscaled scaling{};
};
struct Llama3 : Llama2 {
  static constexpr Sizes published{16, 2048, 8, 4, 64, 8192, 128256};  // Llama-3.2-1B
  static constexpr double base = 500000;
  static constexpr bool tied = true;
  static constexpr nn::Llama3Scaling scaling{.factor = 32};
};
struct Mistral : Llama2 {
  static constexpr Sizes published{32, 4096, 8, 4, 128, 14336, 32000, 4096};  // Mistral-7B-v0.1
  static constexpr const char* type = "mistral";
  static constexpr bool windowed = true;
};
struct Qwen2 : Llama2 {
  static constexpr Sizes published{24, 896, 2, 7, 64, 4864, 151936};  // Qwen2-0.5B
  static constexpr const char* type = "qwen2";
  static constexpr double base = 1e6, epsilon = 1e-6;
  static constexpr bool tied = true;
  template <class From, class To>
  using Projection = nn::Linear<From, To>;
};
struct Qwen3 : Llama2 {
  static constexpr Sizes published{28, 1024, 8, 2, 128, 3072, 151936};  // Qwen3-0.6B
  static constexpr const char* type = "qwen3";
  static constexpr double base = 1e6, epsilon = 1e-6;
  static constexpr bool tied = true;
  template <class Depth>
  using Norm = nn::RMSNorm<Depth>;
};

template <class Family, Sizes S>
struct Llama {
  struct Vocab : axis<"vocab", S.vocab> {};
  struct Model : axis<"model", S.model> {};
  struct KeyHeads : axis<"key_heads", S.key_heads> {};
  struct Group : axis<"group", S.group> {};
  struct Depth : axis<"depth", S.depth> {};
  struct Hidden : axis<"hidden", S.hidden> {};

  using X = Tensor<f32, Batch, Seq, Model>;
  using Norm = nn::RMSNorm<Model>;
  using Rope = nn::Rotary<Depth, nn::HalfSplit, std::remove_const_t<decltype(Family::scaling)>>;
  using Attention =
      nn::GroupedQueryAttention<Model, KeyHeads, Group, Depth, Key, Rope, typename Family::template Norm<Depth>,
                                nn::None, Family::template Projection, nn::LinearNoBias>;

  struct Layer {
    Norm input_layernorm{.epsilon = Family::epsilon};
    Attention self_attn{.rope = {.base = Family::base, .scaling = Family::scaling}};
    Norm post_attention_layernorm{.epsilon = Family::epsilon};
    nn::SwiGLU<Model, Hidden> mlp;

    constexpr X attended(X x) const {
      if constexpr (Family::windowed)
        return self_attn(x, variants::slidingWindow<Seq, Key>(S.window));
      else
        return self_attn(x, variants::causal<Seq, Key>());
    }
    constexpr X operator()(X x) const {
      x = x + attended(input_layernorm(x));
      return x + mlp(post_attention_layernorm(x));
    }
  };
  struct {
    nn::Embedding<Vocab, Model> embed_tokens;
    Repeat<S.layers, Layer> layers;
    Norm norm{.epsilon = Family::epsilon};
  } model;
  std::conditional_t<Family::tied, nn::None, nn::LinearNoBias<Model, Vocab>> lm_head;

  constexpr Tensor<f32, Batch, Asked, Vocab> operator()(Tensor<i32, Batch, Seq> ids,
                                                        Tensor<i32, Batch, Asked> asked) const {
    X x = model.embed_tokens(ids) | model.layers;
    auto last = model.norm(take<Seq>(x, asked));
    if constexpr (Family::tied)
      return model.embed_tokens.logits(last);
    else
      return lm_head(last);
  }

  static lesson::Published published() {
    lesson::Published all{.names = {{"*.self_attn.o_proj.*", "*.self_attn.out.*"},
                                    {"*.self_attn.q_proj.*", "*.self_attn.q.*"},
                                    {"*.self_attn.k_proj.*", "*.self_attn.k.*"},
                                    {"*.self_attn.v_proj.*", "*.self_attn.v.*"},
                                    {"*.mlp.gate_proj.*", "*.mlp.gate.*"},
                                    {"*.mlp.up_proj.*", "*.mlp.up.*"},
                                    {"*.mlp.down_proj.*", "*.mlp.down.*"}},
                          .ignore = {"*.rotary_emb.inv_freq"},
                          .config = {{"model_type", Family::type},
                                     {"hidden_size", S.model},
                                     {"num_hidden_layers", S.layers},
                                     {"num_key_value_heads", S.key_heads, S.key_heads * S.group},
                                     {"num_attention_heads", S.key_heads * S.group},
                                     {"head_dim", S.depth, S.model / (S.key_heads * S.group)},
                                     {"intermediate_size", S.hidden},
                                     {"vocab_size", S.vocab},
                                     {"hidden_act", "silu"},
                                     {"rms_norm_eps", Family::epsilon},
                                     {"rope_theta", Family::base},
                                     {"rope_parameters.rope_theta", Family::base},
                                     {"partial_rotary_factor", 1},
                                     {"tie_word_embeddings", Family::tied}}};
    if (Family::windowed) all.config.push_back({"sliding_window", S.window});
    if (!Family::windowed) all.config.push_back({"use_sliding_window", false});
    if constexpr (requires { Family::scaling.factor; }) {
      constexpr auto& s = Family::scaling;
      for (std::string scaling : {"rope_scaling", "rope_parameters"})  // the newer files say it there
        all.config.insert(all.config.end(), {{scaling + ".rope_type", "llama3"},
                                             {scaling + ".factor", s.factor},
                                             {scaling + ".low_freq_factor", s.low},
                                             {scaling + ".high_freq_factor", s.high},
                                             {scaling + ".original_max_position_embeddings", s.length}});
    } else {
      all.config.insert(all.config.end(), {{"rope_scaling", nullptr}, {"rope_parameters.rope_type", "default"}});
    }
    if (Family::tied) all.ignore.push_back("lm_head.weight");
    return all;
  }
};

int main(int argc, char** argv) {
  lesson::Generation generation;
  std::string family = "llama2", size = "tiny";
  auto options = [&](CLI::App& app) {
    generation.addTo(app);
    app.add_option("--family", family, "whose model it is")
        ->check(lesson::oneOf({"llama2", "llama3", "mistral", "qwen2", "qwen3"}))
        ->capture_default_str();
    app.add_option("--size", size, "of the model")->check(lesson::oneOf({"tiny", "published"}))->capture_default_str();
  };
  return lesson::guarded(argc, argv, "A Llama-style model that generates", options,
                         [&](const lesson::CommandLine& line) {
                           auto run = [&]<class M>(const M&) {
                             static constexpr auto graph = trace(M{}, "ids", "asked");
                             auto kernel = lesson::compile(graph, line);
                             generation.run(kernel.runner(), line, M::published());
                           };
                           auto of = [&]<class Family>(const Family&) {
                             if (size == "tiny")
                               run(Llama<Family, Sizes{}>{});
                             else
                               run(Llama<Family, Family::published>{});
                           };
                           if (family == "llama2") of(Llama2{});
                           if (family == "llama3") of(Llama3{});
                           if (family == "mistral") of(Mistral{});
                           if (family == "qwen2") of(Qwen2{});
                           if (family == "qwen3") of(Qwen3{});
                         });
}
