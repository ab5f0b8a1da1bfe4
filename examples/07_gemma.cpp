// Lesson 7: a Gemma-style model. Scores and logits are capped, every part has a norm before and after it, and layers
// that see a window take turns with layers that see everything.
//
//   07_gemma --random=tiny.safetensors
//   07_gemma --weights=tiny.safetensors --prompt=1,5,9 --prompt=7 --tokens=16
//   07_gemma --size=2B --weights=gemma-2-2b --tokenizer=gemma-2-2b --prompt="Attention is"
#include <CLI/CLI.hpp>

#include "generate.h"

using namespace heed;

struct Batch : axis<"batch"> {};
struct Seq : sequence<"seq", Batch> {};
struct Key : memory<Seq, "key"> {};
struct Asked : axis<"asked"> {};  // the tokens that are asked for the next one: of a prompt, the last

/// Gemma 2 (arXiv:2408.00118), for one set of extents. The scale of its scores is 1/sqrt of Scaled.
template <int LayerCount, int ModelSize, int KeyHeadCount, int GroupSize, int DepthSize, int HiddenSize, int VocabSize,
          int WindowSize, int Scaled = DepthSize>
struct Gemma {
  struct Vocab : axis<"vocab", VocabSize> {};
  struct Model : axis<"model", ModelSize> {};
  struct KeyHeads : axis<"key_heads", KeyHeadCount> {};
  struct Group : axis<"group", GroupSize> {};
  struct Depth : axis<"depth", DepthSize> {};
  struct Hidden : axis<"hidden", HiddenSize> {};
  using X = Tensor<f32, Batch, Seq, Model>;

  struct Layer {
    nn::RMSNorm<Model> input_layernorm{.offset = 1};
    nn::GroupedQueryAttention<Model, KeyHeads, Group, Depth, Key, nn::Rotary<Depth>> self_attn{.scale = rsqrt(Scaled),
                                                                                               .cap = 50};
    nn::RMSNorm<Model> post_attention_layernorm{.offset = 1};
    nn::RMSNorm<Model> pre_feedforward_layernorm{.offset = 1};
    nn::GeGLU<Model, Hidden, nn::GeluTanh> mlp;
    nn::RMSNorm<Model> post_feedforward_layernorm{.offset = 1};

    constexpr X operator()(X x, auto mask) const {
      x = x + post_attention_layernorm(self_attn(input_layernorm(x), mask));
      return x + post_feedforward_layernorm(mlp(pre_feedforward_layernorm(x)));
    }
  };
  struct Pair {
    Layer local, global;
    constexpr X operator()(X x) const {
      return global(local(x, variants::slidingWindow<Seq, Key>(WindowSize)), variants::causal<Seq, Key>());
    }
  };

  nn::Embedding<Vocab, Model> embed_tokens;
  Repeat<LayerCount / 2, Pair> pairs;
  nn::RMSNorm<Model> norm{.offset = 1};

  constexpr Tensor<f32, Batch, Asked, Vocab> operator()(Tensor<i32, Batch, Seq> ids,
                                                        Tensor<i32, Batch, Asked> asked) const {
    X x = embed_tokens(ids) * sqrt(Model::size) | pairs;
    return softcap(embed_tokens.logits(norm(take<Seq>(x, asked))), 30);
  }

  static lesson::Published published() {
    lesson::Published all{.names = {{"model.", ""},
                                    {"*.self_attn.o_proj.*", "*.self_attn.out.*"},
                                    {"*.self_attn.q_proj.*", "*.self_attn.q.*"},
                                    {"*.self_attn.k_proj.*", "*.self_attn.k.*"},
                                    {"*.self_attn.v_proj.*", "*.self_attn.v.*"},
                                    {"*.mlp.gate_proj.*", "*.mlp.gate.*"},
                                    {"*.mlp.up_proj.*", "*.mlp.up.*"},
                                    {"*.mlp.down_proj.*", "*.mlp.down.*"}},
                          .config = {{"hidden_size", ModelSize},
                                     {"num_hidden_layers", LayerCount},
                                     {"num_key_value_heads", KeyHeadCount, KeyHeadCount * GroupSize},
                                     {"num_attention_heads", KeyHeadCount * GroupSize},
                                     {"head_dim", DepthSize},
                                     {"intermediate_size", HiddenSize},
                                     {"vocab_size", VocabSize},
                                     {"sliding_window", WindowSize},
                                     {"query_pre_attn_scalar", Scaled},
                                     {"attn_logit_softcapping", 50},
                                     {"final_logit_softcapping", 30},
                                     {"hidden_activation", "gelu_pytorch_tanh", "gelu_pytorch_tanh"},
                                     {"rms_norm_eps", 1e-6},
                                     {"rope_theta", 10000}},
                          .norms = 0};
    // Layer 7 is the second one of pair 3.
    for (int n = 0; n < LayerCount; ++n)
      all.names.push_back({"layers." + std::to_string(n) + ".*",
                           "pairs." + std::to_string(n / 2) + (n % 2 ? ".global.*" : ".local.*")});
    return all;
  }
};

using Tiny = Gemma<4, 64, 2, 2, 16, 128, 330, 8>;
using Small = Gemma<26, 2304, 4, 2, 256, 9216, 256000, 4096>;
constexpr auto tiny = trace(Tiny{}, "ids", "asked");
constexpr auto small = trace(Small{}, "ids", "asked");

int main(int argc, char** argv) {
  lesson::Generation generation;
  std::string size = "tiny";
  auto options = [&](CLI::App& app) {
    generation.addTo(app);
    app.add_option("--size", size, "of the model")->check(lesson::oneOf({"tiny", "2B"}))->capture_default_str();
  };
  return lesson::guarded(argc, argv, "A Gemma-style model", options, [&](const lesson::CommandLine& line) {
    auto run = [&](const auto& graph, const lesson::Published& published) {
      auto kernel = lesson::compile(graph, line, published.norms);
      generation.run(kernel.runner(), line, published);
    };
    size == "tiny" ? run(tiny, Tiny::published()) : run(small, Small::published());
  });
}
