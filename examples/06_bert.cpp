// Lesson 6: a sentence encoder, BERT under its published names: sentences in, vectors out, near ones mean the same.
//
//   06_bert --weights=MiniLM --tokenizer=MiniLM --sentence="A dog barks." --sentence="A hound makes noise."
#include <CLI/CLI.hpp>
#include <cstdio>

#include "generate.h"

using namespace heed;

struct Batch : axis<"batch"> {};
struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Vocab : axis<"vocab", 384> {};
struct Pos : axis<"pos", 64> {};
struct Types : axis<"types", 2> {};  // which of two sentences a token is in
struct Model : axis<"model", 48> {};
struct Heads : axis<"heads", 4> {};
struct Depth : part<Model, Heads, "depth"> {};
struct Hidden : axis<"hidden", 96> {};

using X = Tensor<f32, Batch, Seq, Model>;

struct Embeddings {
  nn::Embedding<Vocab, Model> word_embeddings;
  nn::Embedding<Pos, Model> position_embeddings;
  nn::Embedding<Types, Model> token_type_embeddings;
  nn::LayerNorm<Model> LayerNorm{.epsilon = 1e-12};
  constexpr X operator()(Tensor<i32, Batch, Seq> ids) const {
    auto type = take<Types>(token_type_embeddings.weight, 0);  // all tokens are of the first sentence
    return LayerNorm(word_embeddings(ids) + position_embeddings(index<Seq>()) + type);
  }
};

struct Layer {
  nn::MultiHeadAttention<Model, Heads, Depth, Key> attn;
  nn::LayerNorm<Model> attn_norm{.epsilon = 1e-12};
  nn::FeedForward<Model, Hidden> mlp;  // with the exact GELU
  nn::LayerNorm<Model> mlp_norm{.epsilon = 1e-12};
  constexpr X operator()(X x, Tensor<i32, Batch> lengths) const {
    x = attn_norm(x + attn(x, variants::padding<Key>(lengths)));
    return mlp_norm(x + mlp(x));
  }
};

struct SentenceEncoder {
  Embeddings embeddings;
  Repeat<3, Layer> encoder;
  constexpr Tensor<f32, Batch, Model> operator()(Tensor<i32, Batch, Seq> ids, Tensor<i32, Batch> lengths) const {
    X x = encoder(embeddings(ids), lengths);
    auto sentence = nn::MeanPooling<Seq>{}(x, variants::padding<Seq>(lengths));
    return sentence * rsqrt(sum<Model>(sentence * sentence));
  }
};
constexpr auto graph = trace(SentenceEncoder{}, "ids", "lengths");

const lesson::Published published{.names = {{"bert.", ""},
                                            {"encoder.layer.*", "encoder.*"},
                                            {"*.attention.self.query.*", "*.attn.q.*"},
                                            {"*.attention.self.key.*", "*.attn.k.*"},
                                            {"*.attention.self.value.*", "*.attn.v.*"},
                                            {"*.attention.output.dense.*", "*.attn.out.*"},
                                            {"*.attention.output.LayerNorm.*", "*.attn_norm.*"},
                                            {"*.intermediate.dense.*", "*.mlp.up.*"},
                                            {"*.output.dense.*", "*.mlp.down.*"},
                                            {"*.output.LayerNorm.*", "*.mlp_norm.*"}},
                                  .ignore = {"embeddings.position_ids", "pooler.", "cls."},
                                  .config = {{"hidden_size", Model::size},
                                             {"num_hidden_layers", 3},
                                             {"num_attention_heads", Heads::size},
                                             {"intermediate_size", Hidden::size},
                                             {"max_position_embeddings", Pos::size},
                                             {"type_vocab_size", Types::size},
                                             {"vocab_size", Vocab::size},
                                             {"hidden_act", "gelu"},
                                             {"layer_norm_eps", 1e-12}}};

int main(int argc, char** argv) {
  lesson::Checkpoint checkpoint;
  lesson::Text text;
  std::vector<std::string> sentences{"5,17,42,7", "5,17,43,7,9,11", "90,3"};
  std::string save_to;
  auto options = [&](CLI::App& app) {
    checkpoint.addTo(app);
    text.addTo(app);
    app.add_option("--sentence", sentences, "text, or token ids with commas between them; again for one more")
        ->capture_default_str();
    app.add_option("--vectors", save_to, "write ids, lengths and vectors to this .safetensors file");
  };
  return lesson::guarded(argc, argv, "A BERT sentence encoder", options, [&](const lesson::CommandLine& line) {
    auto run = lesson::compile(graph, line);
    const std::int64_t before = lesson::resident();
    if (line.compile_only || !checkpoint.bind({{run.runner(), published}})) return;

    std::vector<Tokens> rows;
    for (const std::string& sentence : sentences) rows.push_back(text.read("--sentence", sentence));
    requireTokens("--sentence", rows, {Vocab::size, Pos::size});
    Array<i32, Batch, Seq> ids = padded<Batch, Seq>(rows);
    Array<i32, Batch> counts = lengths<Batch>(rows);
    Array<f32, Batch, Model> vectors = run(ids, counts);
    std::printf("cosine of each sentence with the first:");
    for (std::size_t s = 0; s < rows.size(); ++s) {
      double cosine = 0;
      for (int m = 0; m < Model::size; ++m) cosine += double(vectors(0, m)) * vectors(int(s), m);
      std::printf(" %.4f", cosine);
    }
    std::printf("\n");
    lesson::printMemory({&run.runner()}, before);
    if (!save_to.empty())
      save(save_to, Weights{{"ids", ids.any()}, {"lengths", counts.any()}, {"vectors", vectors.any()}});
  });
}
