// Lesson 5: GPT-2, under the names and shapes of its published checkpoint, in two sizes from one source.
//
//   05_gpt2 --size=124M --weights=gpt2 --tokenizer=gpt2 --prompt="Attention is" --tokens=16
#include <CLI/CLI.hpp>

#include "generate.h"

using namespace heed;

struct Batch : axis<"batch"> {};
struct Seq : sequence<"seq", Batch> {};
struct Key : memory<Seq, "key"> {};
struct Asked : axis<"asked"> {};     // the tokens that are asked for the next one: of a prompt, the last
struct Three : axis<"three", 3> {};  // queries, keys and values come from one matrix

/// The formula for one set of extents.
template <int LayerCount, int ModelSize, int HeadCount, int VocabSize, int Positions>
struct Gpt2 {
  struct Vocab : axis<"vocab", VocabSize> {};
  struct Pos : axis<"pos", Positions> {};
  struct Model : axis<"model", ModelSize> {};
  struct Heads : axis<"heads", HeadCount> {};
  struct Depth : part<Model, Heads, "depth"> {};
  struct Hidden : axis<"hidden", 4 * ModelSize> {};
  using X = Tensor<f32, Batch, Seq, Model>;
  static constexpr int layers = LayerCount;

  /// GPT-2 stores its matrices [in, out].
  struct Attention {
    struct {
      Tensor<f32, Model, Three, Heads, Depth> weight;
      Tensor<f32, Three, Heads, Depth> bias;
    } c_attn;
    struct {
      Tensor<f32, Heads, Depth, Model> weight;
      Tensor<f32, Model> bias;
    } c_proj;
    State<f32, Batch, Heads, Key, Depth> keys, values;

    constexpr X operator()(X x) const {
      auto qkv = contract<Model>(x, c_attn.weight) + c_attn.bias;
      auto k = append<Seq, Key>(keys, take<Three>(qkv, 1)), v = append<Seq, Key>(values, take<Three>(qkv, 2));
      auto scores = contract<Depth>(take<Three>(qkv, 0), k) * rsqrt(Depth::size);
      auto weights = softmax<Key>(where(variants::causal<Seq, Key>(), scores, -inf));
      return contract<Heads, Depth>(contract<Key>(weights, v), c_proj.weight) + c_proj.bias;
    }
  };
  struct Mlp {
    struct {
      Tensor<f32, Model, Hidden> weight;
      Tensor<f32, Hidden> bias;
    } c_fc;
    struct {
      Tensor<f32, Hidden, Model> weight;
      Tensor<f32, Model> bias;
    } c_proj;
    constexpr X operator()(X x) const {
      auto hidden = geluTanh(contract<Model>(x, c_fc.weight) + c_fc.bias);
      return contract<Hidden>(hidden, c_proj.weight) + c_proj.bias;
    }
  };
  struct Block {
    nn::LayerNorm<Model> ln_1;
    Attention attn;
    nn::LayerNorm<Model> ln_2;
    Mlp mlp;
    constexpr X operator()(X x) const {
      x = x + attn(ln_1(x));
      return x + mlp(ln_2(x));
    }
  };

  nn::Embedding<Vocab, Model> wte;
  nn::Embedding<Pos, Model> wpe;
  Repeat<LayerCount, Block> h;
  nn::LayerNorm<Model> ln_f;
  constexpr Tensor<f32, Batch, Asked, Vocab> operator()(Tensor<i32, Batch, Seq> ids,
                                                        Tensor<i32, Batch, Asked> asked) const {
    auto x = (wte(ids) + wpe(position<Seq>())) | h;
    return contract<Model>(ln_f(take<Seq>(x, asked)), wte.weight);  // the table is the head, too
  }
};

using Tiny = Gpt2<3, 48, 4, 330, 128>;
using Small = Gpt2<12, 768, 12, 50257, 1024>;
constexpr auto tiny = trace(Tiny{}, "ids", "asked");
constexpr auto small = trace(Small{}, "ids", "asked");

template <class M>
lesson::Published published() {
  return {.names = {{"transformer.", ""}},
          .ignore = {"h.*.attn.bias", "h.*.attn.masked_bias", "lm_head.weight"},
          .config = {{"n_embd", M::Model::size},
                     {"n_head", M::Heads::size},
                     {"n_layer", M::layers},
                     {"n_positions", M::Pos::size},
                     {"vocab_size", M::Vocab::size},
                     {"model_type", "gpt2"},
                     {"activation_function", "gelu_new"},
                     {"scale_attn_weights", true},
                     {"scale_attn_by_inverse_layer_idx", false},
                     {"tie_word_embeddings", true},
                     {"layer_norm_epsilon", 1e-5}}};
}

int main(int argc, char** argv) {
  lesson::Generation generation;
  std::string size = "tiny";
  auto options = [&](CLI::App& app) {
    generation.addTo(app);
    app.add_option("--size", size, "of the model")->check(lesson::oneOf({"tiny", "124M"}))->capture_default_str();
  };
  return lesson::guarded(argc, argv, "GPT-2", options, [&](const lesson::CommandLine& line) {
    auto run = [&]<class M>(const M&, const auto& graph) {
      auto kernel = lesson::compile(graph, line);
      generation.run(kernel.runner(), line, published<M>(), M::Pos::size);
    };
    size == "tiny" ? run(Tiny{}, tiny) : run(Small{}, small);
  });
}
