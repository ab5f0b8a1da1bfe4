// Lesson 6: a sentence encoder, BERT under its published names: sentences in, vectors out, near ones mean the same.
//
//   06_bert --size=MiniLM --weights=MiniLM --tokenizer=MiniLM --sentence="A dog barks." --sentence="A hound makes
//   noise."
#include <CLI/CLI.hpp>
#include <cstdio>

#include "generate.h"

using namespace heed;

struct Batch : axis<"batch"> {};
struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Types : axis<"types", 2> {};  // which of two sentences a token is in

/// BERT (arXiv:1810.04805) for one set of extents; the mean of its tokens is the sentence (arXiv:1908.10084).
template <int LayerCount, int ModelSize, int HeadCount, int HiddenSize, int VocabSize, int Positions>
struct SentenceEncoder {
  struct Vocab : axis<"vocab", VocabSize> {};
  struct Pos : axis<"pos", Positions> {};
  struct Model : axis<"model", ModelSize> {};
  struct Heads : axis<"heads", HeadCount> {};
  struct Depth : part<Model, Heads, "depth"> {};
  struct Hidden : axis<"hidden", HiddenSize> {};
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

  Embeddings embeddings;
  Repeat<LayerCount, Layer> encoder;
  constexpr Tensor<f32, Batch, Model> operator()(Tensor<i32, Batch, Seq> ids, Tensor<i32, Batch> lengths) const {
    X x = encoder(embeddings(ids), lengths);
    auto sentence = nn::MeanPooling<Seq>{}(x, variants::padding<Seq>(lengths));
    return sentence * rsqrt(sum<Model>(sentence * sentence));
  }

  static lesson::Published published() {
    return {.names = {{"bert.", ""},
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
            .config = {{"hidden_size", ModelSize},
                       {"num_hidden_layers", LayerCount},
                       {"num_attention_heads", HeadCount},
                       {"intermediate_size", HiddenSize},
                       {"max_position_embeddings", Positions},
                       {"type_vocab_size", Types::size},
                       {"vocab_size", VocabSize},
                       {"hidden_act", "gelu"},
                       {"position_embedding_type", "absolute"},
                       {"layer_norm_eps", 1e-12}}};
  }
};

struct Flags {
  lesson::Checkpoint checkpoint;
  lesson::Text text;
  std::vector<std::string> sentences{"5,17,42,7", "5,17,43,7,9,11", "90,3"};
  std::string vectors;
};

template <class M>
void encode(const Flags& flags, const lesson::CommandLine& line) {
  static constexpr auto graph = trace(M{}, "ids", "lengths");
  auto run = lesson::compile(graph, line);
  const std::int64_t before = lesson::resident();
  if (line.compile_only || !flags.checkpoint.bind({{run.runner(), M::published()}})) return;

  std::vector<Tokens> rows;
  for (const std::string& sentence : flags.sentences) rows.push_back(flags.text.read("--sentence", sentence));
  requireTokens("--sentence", rows, {M::Vocab::size, M::Pos::size});
  Array<i32, Batch, Seq> ids = padded<Batch, Seq>(rows);
  Array<i32, Batch> counts = lengths<Batch>(rows);
  Array<f32, Batch, typename M::Model> vectors = run(ids, counts);
  lesson::requireNumbers("vectors", vectors.any(), {{run.runner(), M::published()}});
  std::printf("cosine of each sentence with the first:");
  for (std::size_t s = 0; s < rows.size(); ++s) {
    double cosine = 0;
    for (int m = 0; m < M::Model::size; ++m) cosine += double(vectors(0, m)) * vectors(int(s), m);
    std::printf(" %.4f", cosine);
  }
  std::printf("\n");
  lesson::printMemory({&run.runner()}, before);
  if (!flags.vectors.empty())
    save(flags.vectors, Weights{{"ids", ids.any()}, {"lengths", counts.any()}, {"vectors", vectors.any()}});
}

int main(int argc, char** argv) {
  Flags flags;
  std::string size = "tiny";
  auto options = [&](CLI::App& app) {
    flags.checkpoint.addTo(app);
    flags.text.addTo(app);
    app.add_option("--sentence", flags.sentences, "text, or token ids with commas between them; again for one more")
        ->capture_default_str();
    app.add_option("--vectors", flags.vectors, "write ids, lengths and vectors to this .safetensors file");
    app.add_option("--size", size, "of the model; MiniLM is all-MiniLM-L6-v2")
        ->check(lesson::oneOf({"tiny", "MiniLM", "base"}))
        ->capture_default_str();
  };
  return lesson::guarded(argc, argv, "A BERT sentence encoder", options, [&](const lesson::CommandLine& line) {
    if (size == "tiny") encode<SentenceEncoder<3, 48, 4, 96, 384, 64>>(flags, line);
    if (size == "MiniLM") encode<SentenceEncoder<6, 384, 12, 1536, 30522, 512>>(flags, line);
    if (size == "base") encode<SentenceEncoder<12, 768, 12, 3072, 30522, 512>>(flags, line);
  });
}
