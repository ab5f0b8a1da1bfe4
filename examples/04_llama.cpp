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

// The names of a published checkpoint, as this model calls them.
const BindOptions published{.rename = {{"model.", ""},
                                       {"layers.*.self_attn.o_proj.*", "layers.*.self_attn.out.*"},
                                       {"layers.*.self_attn.*_proj.*", "layers.*.self_attn.*.*"},
                                       {"layers.*.mlp.*_proj.*", "layers.*.mlp.*.*"}}};

/// What a published checkpoint calls our parameter.
static std::string publishedName(std::string name) {
  for (std::string part : {"q", "k", "v", "gate", "up", "down"})
    if (auto at = name.find("." + part + ".weight"); at != name.npos) name.replace(at + 1, part.size(), part + "_proj");
  if (auto at = name.find(".out."); at != name.npos) name.replace(at, 5, ".o_proj.");
  return name == "lm_head.weight" ? name : "model." + name;
}

int main(int argc, char** argv) {
  lesson::Generation generation;
  auto options = [&](CLI::App& app) { generation.addTo(app); };
  return lesson::guarded(argc, argv, "A Llama-style model that generates", options,
                         [&](const lesson::CommandLine& line) {
                           generation.run(lesson::compile(llama, line), line, published, publishedName);
                         });
}
