// Lesson 4: a language model on one page. It reads a checkpoint under its published names and generates, one token a
// call; what it was told before it remembers. A prompt and a single token are one formula, compiled once.
//
//   04_llama --random=tiny.safetensors                    writes weights to play with
//   04_llama --weights=tiny.safetensors --prompt=1,5,9 --tokens=16
#include <CLI/CLI.hpp>

#include "generate.h"

using namespace heed;

struct Batch : axis<"batch"> {};
struct Seq : sequence<"seq", Batch> {};  // the tokens of one call; each row of the batch has a past of its own
struct Key : memory<Seq, "key"> {};      // the tokens of all calls
struct Vocab : axis<"vocab", 128> {};
struct Model : axis<"model", 64> {};
struct KeyHeads : axis<"key_heads", 2> {};
struct Group : axis<"group", 2> {};  // queries that share a key head
struct Depth : axis<"depth", 16> {};
struct Hidden : axis<"hidden", 176> {};

using X = Tensor<f32, Batch, Seq, Model>;

struct Layer {
  nn::RMSNorm<Model> input_layernorm;
  nn::GroupedQueryAttention<Model, KeyHeads, Group, Depth, Key, nn::Rotary<Depth>> self_attn;
  nn::RMSNorm<Model> post_attention_layernorm;
  nn::SwiGLU<Model, Hidden> mlp;

  constexpr X operator()(X x) const {
    x = x + self_attn(input_layernorm(x), variants::causal<Seq, Key>());
    return x + mlp(post_attention_layernorm(x));
  }
};

struct Llama {
  nn::Embedding<Vocab, Model> embed_tokens;
  Repeat<4, Layer> layers;
  nn::RMSNorm<Model> norm;
  nn::LinearNoBias<Model, Vocab> lm_head;

  constexpr Tensor<f32, Batch, Seq, Vocab> operator()(Tensor<i32, Batch, Seq> ids) const {
    return embed_tokens(ids) | layers | norm | lm_head;
  }
};
constexpr auto llama = trace(Llama{}, "ids");

const lesson::Published published{.names = {{"model.embed_tokens.*", "embed_tokens.*"},
                                            {"model.norm.*", "norm.*"},
                                            {"model.layers.*", "layers.*"},
                                            {"*.self_attn.o_proj.*", "*.self_attn.out.*"},
                                            {"*.self_attn.q_proj.*", "*.self_attn.q.*"},
                                            {"*.self_attn.k_proj.*", "*.self_attn.k.*"},
                                            {"*.self_attn.v_proj.*", "*.self_attn.v.*"},
                                            {"*.mlp.gate_proj.*", "*.mlp.gate.*"},
                                            {"*.mlp.up_proj.*", "*.mlp.up.*"},
                                            {"*.mlp.down_proj.*", "*.mlp.down.*"}},
                                  .ignore = {"*.rotary_emb.inv_freq"},
                                  .config = {{"hidden_size", Model::size},
                                             {"num_hidden_layers", 4},
                                             {"num_key_value_heads", KeyHeads::size},
                                             {"num_attention_heads", KeyHeads::size* Group::size},
                                             {"intermediate_size", Hidden::size},
                                             {"vocab_size", Vocab::size},
                                             {"hidden_act", "silu"},
                                             {"rms_norm_eps", 1e-6},
                                             {"rope_theta", 10000},
                                             {"tie_word_embeddings", false}}};

int main(int argc, char** argv) {
  lesson::Generation generation;
  auto options = [&](CLI::App& app) { generation.addTo(app); };
  return lesson::guarded(argc, argv, "A Llama-style model that generates", options,
                         [&](const lesson::CommandLine& line) {
                           auto run = lesson::compile(llama, line);
                           generation.run(run.runner(), line, published);
                         });
}
