// Lesson 11: a text classifier, the smallest model with attention in it: embed, attend, take the mean, and a linear map
// to classes. Its parameters are those of torch.nn.Embedding, MultiheadAttention and Linear.
//
//   11_classifier --random=tiny.safetensors
//   11_classifier --weights=tiny.safetensors --text=3,14,15,9 --text=2,7 --label=bad --label=good
#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>

#include "generate.h"

using namespace heed;

struct Batch : axis<"batch"> {};
struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Vocab : axis<"vocab"> {};  // as many words and classes as the weights have
struct Class : axis<"class"> {};
struct Model : axis<"model", 32> {};
struct Heads : axis<"heads", 4> {};
struct Depth : part<Model, Heads, "depth"> {};
struct Three : axis<"three", 3> {};  // queries, keys and values come from one matrix

struct Attention {
  Tensor<f32, Three, Heads, Depth, Model> in_proj_weight;
  Tensor<f32, Three, Heads, Depth> in_proj_bias;
  nn::Linear<axes<Heads, Depth>, Model> out_proj;

  constexpr auto operator()(Tensor<f32, Batch, Seq, Model> x, auto visible) const {
    auto qkv = contract<Model>(x, in_proj_weight) + in_proj_bias;
    auto keys = rename<Seq, Key>(take<Three>(qkv, 1)), values = rename<Seq, Key>(take<Three>(qkv, 2));
    auto scores = contract<Depth>(take<Three>(qkv, 0), keys) * rsqrt(Depth::size);
    return out_proj(nn::attend<Key>(where(visible, scores, -inf), values));
  }
};

struct Classifier {
  nn::Embedding<Vocab, Model> embedding;
  Attention attention;
  nn::Linear<Model, Class> fc;

  constexpr Tensor<f32, Batch, Class> operator()(Tensor<i32, Batch, Seq> ids, Tensor<i32, Batch> lengths) const {
    auto x = attention(embedding(ids), variants::padding<Key>(lengths));
    return fc(nn::MeanPooling<Seq>{}(x, variants::padding<Seq>(lengths)));
  }
};
constexpr auto graph = trace(Classifier{}, "ids", "lengths");

int main(int argc, char** argv) {
  lesson::Checkpoint checkpoint;
  lesson::Text text;
  std::vector<std::string> texts{"3,14,15,9,26", "2,7"}, labels;
  std::string logits_to;
  auto options = [&](CLI::App& app) {
    checkpoint.addTo(app);
    text.addTo(app);
    app.add_option("--text", texts, "text, or token ids with commas between them; again for one more")
        ->capture_default_str();
    app.add_option("--label", labels, "what a class is called; again for the next one");
    app.add_option("--logits", logits_to, "write ids, lengths and logits to this .safetensors file");
  };
  return lesson::guarded(argc, argv, "A text classifier", options, [&](const lesson::CommandLine& line) {
    auto run = lesson::compile(graph, line);
    const std::int64_t before = lesson::resident();
    if (line.compile_only || !checkpoint.bind({{run.runner(), {}}})) return;

    std::vector<Tokens> rows;
    for (const std::string& words : texts) rows.push_back(text.read("--text", words));
    requireTokens("--text", rows, {extentOf(run.runner(), "vocab")});
    Array<i32, Batch, Seq> ids = padded<Batch, Seq>(rows);
    Array<i32, Batch> counts = lengths<Batch>(rows);
    Array<f32, Batch, Class> logits = run(ids, counts);
    lesson::requireNumbers("logits", logits.any(), {{run.runner(), {}}});
    const int classes = int(logits.view().sizes[1]);
    for (int b = 0; b < int(rows.size()); ++b) {
      int best = 0;
      double sum = 0;
      for (int c = 0; c < classes; ++c)
        if (logits(b, c) > logits(b, best)) best = c;
      for (int c = 0; c < classes; ++c) sum += std::exp(double(logits(b, c)) - logits(b, best));
      const std::string name = best < int(labels.size()) ? labels[std::size_t(best)] : "class " + std::to_string(best);
      std::printf("text %d: %s, probability %.4f\n", b, name.c_str(), 1 / sum);
    }
    lesson::printMemory({&run.runner()}, before);
    if (!logits_to.empty())
      save(logits_to, Weights{{"ids", ids.any()}, {"lengths", counts.any()}, {"logits", logits.any()}});
  });
}
