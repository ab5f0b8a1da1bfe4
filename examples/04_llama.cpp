// Lesson 4: a language model on one page. It reads a checkpoint under its published names and generates, one token a
// call; what it was told before it remembers. A prompt and a single token are one formula, compiled once.
//
//   04_llama --random=tiny.safetensors                    writes weights to play with
//   04_llama --weights=tiny.safetensors --prompt=1,5,9 --tokens=16
#include <heed/runtime/weights/weights.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

#include "lesson.h"

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

using Logits = Array<f32, Batch, Seq, Vocab>;

static int likeliest(const Logits& logits, int at) {
  int best = 0;
  for (int v = 1; v < Vocab::size; ++v)
    if (logits(0, at, v) > logits(0, at, best)) best = v;
  return best;
}

/// A checkpoint of random numbers under the published names.
static void writeRandom(const std::string& path, const Signature& signature) {
  Weights weights;
  unsigned seed = 1;
  auto published = [](std::string name) {
    for (std::string part : {"q", "k", "v", "gate", "up", "down"})
      if (auto at = name.find("." + part + ".weight"); at != name.npos)
        name.replace(at + 1, part.size(), part + "_proj");
    if (auto at = name.find(".out."); at != name.npos) name.replace(at, 5, ".o_proj.");
    return name == "lm_head.weight" ? name : "model." + name;
  };
  for (const TensorSpec& parameter : signature.parameters) {
    std::vector<std::int64_t> sizes;
    for (const AxisSpec& axis : parameter.axes) sizes.push_back(axis.extent);
    AnyArray array(DType::f32, sizes);
    bool norm = parameter.name.find("norm") != std::string::npos;
    for (float& x : std::span(static_cast<float*>(array.view.data), std::size_t(array.view.size()))) {
      seed = seed * 1664525u + 1013904223u;
      x = norm ? 1 : (float(seed >> 8) * 0x1p-23f - 1) * .35f;
    }
    weights.add(published(parameter.name), array);
  }
  save(path, weights);
}

int main(int argc, char** argv) {
  std::string weights, random, prompt = "1,17,42,7";
  int tokens = 12;
  auto options = [&](CLI::App& app) {
    app.add_option("--weights", weights, "a .safetensors file, or the folder of a sharded one");
    app.add_option("--random", random, "write a checkpoint of random numbers, and stop");
    app.add_option("--prompt", prompt, "token ids, with commas between them")->capture_default_str();
    app.add_option("--tokens", tokens, "how many to generate")->check(CLI::Range(0, 1 << 20))->capture_default_str();
  };
  return lesson::guarded(
      argc, argv, "A Llama-style model that generates", options, [&](const lesson::CommandLine& line) {
        auto run = lesson::compile(llama, line);
        if (line.compile_only) return;
        if (!random.empty()) return writeRandom(random, run.executable().signature);
        if (weights.empty())
          throw Error("04_llama", "no weights", "a checkpoint", "--weights=FILE, or make one: --random=FILE");
        run.bind(load(weights), published);

        std::vector<std::int32_t> told;
        std::stringstream text(prompt);
        for (std::string id; std::getline(text, id, ',');) {
          char* end;
          long number = std::strtol(id.c_str(), &end, 10);
          if (id.empty() || *end || number < 0 || number >= Vocab::size)
            throw Error("--prompt", "\"" + id + "\"", "ids from 0 to " + std::to_string(Vocab::size - 1),
                        "--prompt=1,17,42");
          told.push_back(std::int32_t(number));
        }
        if (told.empty()) throw Error("--prompt", "nothing", "at least one token id", "--prompt=1,17,42");

        run.begin({extent<Batch>(1), extent<Key>(std::int64_t(told.size()) + tokens)});
        Array<i32, Batch, Seq> ids(1, std::int64_t(told.size()));
        std::copy(told.begin(), told.end(), ids.span().begin());
        for (int n = 0; n < tokens; ++n) {
          Logits logits = run(ids);
          told.push_back(likeliest(logits, int(logits.view().sizes[1]) - 1));
          ids = Array<i32, Batch, Seq>({1, 1}, {told.back()});
        }
        for (std::int32_t id : told) std::cout << id << ' ';
        std::cout << '\n';

        // The same tokens in one call say the same: nothing was forgotten or mixed up.
        run.begin({extent<Batch>(1), extent<Key>(std::int64_t(told.size()))});
        Array<i32, Batch, Seq> all(1, std::int64_t(told.size()));
        std::copy(told.begin(), told.end(), all.span().begin());
        Logits once = run(all);
        int same = 0;
        for (int n = 0; n < tokens; ++n) {
          int at = int(told.size()) - tokens + n;
          same += likeliest(once, at - 1) == told[std::size_t(at)];
        }
        std::cout << "in one call: " << same << " of " << tokens << " the same\n";
      });
}
