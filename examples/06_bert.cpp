// Lesson 6: a sentence encoder, BERT under its published names: sentences in, vectors out, near ones mean the same.
//
//   06_bert --weights=model.safetensors --ids="11,22,33;11,44"
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "generate.h"

using namespace heed;

struct Batch : axis<"batch"> {};
struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Vocab : axis<"vocab", 128> {};
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

const BindOptions published{
    .rename = {{"bert.", ""},
               {"encoder.layer.*.attention.self.query.*", "encoder.*.attn.q.*"},
               {"encoder.layer.*.attention.self.key.*", "encoder.*.attn.k.*"},
               {"encoder.layer.*.attention.self.value.*", "encoder.*.attn.v.*"},
               {"encoder.layer.*.attention.output.dense.*", "encoder.*.attn.out.*"},
               {"encoder.layer.*.attention.output.LayerNorm.*", "encoder.*.attn_norm.*"},
               {"encoder.layer.*.intermediate.dense.*", "encoder.*.mlp.up.*"},
               {"encoder.layer.*.output.dense.*", "encoder.*.mlp.down.*"},
               {"encoder.layer.*.output.LayerNorm.*", "encoder.*.mlp_norm.*"}},
    .ignore = {"embeddings.position_ids", "pooler.", "cls."},
};

/// The other way round, for a checkpoint of random numbers.
static std::string publishedName(std::string name) {
  const std::pair<std::string_view, std::string_view> parts[] = {{".attn.q.", ".attention.self.query."},
                                                       {".attn.k.", ".attention.self.key."},
                                                       {".attn.v.", ".attention.self.value."},
                                                       {".attn.out.", ".attention.output.dense."},
                                                       {".attn_norm.", ".attention.output.LayerNorm."},
                                                       {".mlp.up.", ".intermediate.dense."},
                                                       {".mlp.down.", ".output.dense."},
                                                       {".mlp_norm.", ".output.LayerNorm."},
                                                       {"encoder.", "encoder.layer."}};
  for (auto [ours, theirs] : parts)
    if (auto at = name.find(ours); at != name.npos) name.replace(at, ours.size(), theirs);
  return name;
}

int main(int argc, char** argv) {
  std::string weights, random, save_to, text = "5,17,42,7;5,17,43,7,9,11;90,3";
  auto options = [&](CLI::App& app) {
    app.add_option("--weights", weights, "a .safetensors file, or the folder of a sharded one");
    app.add_option("--random", random, "write a checkpoint of random numbers, and stop");
    app.add_option("--ids", text, "sentences: token ids with commas between them, sentences with semicolons")
        ->capture_default_str();
    app.add_option("--vectors", save_to, "write ids, lengths and vectors to this .safetensors file");
  };
  return lesson::guarded(argc, argv, "A BERT sentence encoder", options, [&](const lesson::CommandLine& line) {
    auto run = lesson::compile(graph, line);
    if (line.compile_only) return;
    if (!random.empty()) return lesson::writeRandom(random, run.executable().signature, publishedName);
    lesson::requireWeights(weights);
    run.bind(load(weights), published);

    std::vector<std::vector<std::int32_t>> sentences;
    for (std::size_t begin = 0, end; begin <= text.size(); begin = end + 1) {
      end = std::min(text.find(';', begin), text.size());
      sentences.push_back(lesson::parseIds(text.substr(begin, end - begin), Vocab::size));
    }
    std::size_t longest = 0;
    for (const auto& sentence : sentences) longest = std::max(longest, sentence.size());
    if (longest > std::size_t(Pos::size))
      throw Error("--ids", "a sentence of " + std::to_string(longest) + " tokens",
                  "the table of positions has " + std::to_string(Pos::size), "shorten it");
    Array<i32, Batch, Seq> ids(std::int64_t(sentences.size()), std::int64_t(longest));
    Array<i32, Batch> lengths(std::int64_t(sentences.size()));
    for (std::size_t s = 0; s < sentences.size(); ++s) {
      lengths(int(s)) = std::int32_t(sentences[s].size());
      for (std::size_t t = 0; t < sentences[s].size(); ++t) ids(int(s), int(t)) = sentences[s][t];
    }
    Array<f32, Batch, Model> vectors = run(ids, lengths);
    std::printf("cosine of each sentence with the first:");
    for (std::size_t s = 0; s < sentences.size(); ++s) {
      double cosine = 0;
      for (int m = 0; m < Model::size; ++m) cosine += double(vectors(0, m)) * vectors(int(s), m);
      std::printf(" %.4f", cosine);
    }
    std::printf("\n");
    if (!save_to.empty())
      save(save_to, Weights{{"ids", ids.any()}, {"lengths", lengths.any()}, {"vectors", vectors.any()}});
  });
}
