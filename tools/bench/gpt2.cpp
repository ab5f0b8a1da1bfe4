// gpt2-prefill and gpt2-decode: a prompt in one call, and a token behind a past.
#include "gpt2.h"

#include <algorithm>

#include "arrays.h"
#include "heed/heed.h"
#include "heed/runtime/error.h"

namespace heed::bench {
namespace {

constexpr int positions = 1024;

struct Batch : axis<"batch"> {};
struct Seq : sequence<"seq", Batch> {};
struct Key : memory<Seq, "key"> {};

/// Radford et al., Language models are unsupervised multitask learners, 2019. Pre-norm layers; the table of words is
/// the head, too.
template <int LayerCount, int ModelSize, int HeadCount, int VocabSize>
struct Gpt2 {
  struct Vocab : axis<"vocab", VocabSize> {};
  struct Position : axis<"position", positions> {};
  struct Model : axis<"model", ModelSize> {};
  struct Heads : axis<"heads", HeadCount> {};
  struct Depth : part<Model, Heads, "depth"> {};
  struct Hidden : axis<"hidden", 4 * ModelSize> {};
  using Layer = nn::EncoderLayer<nn::LayerNorm<Model>, nn::MultiHeadAttention<Model, Heads, Depth, Key>,
                                 nn::FeedForward<Model, Hidden, nn::GeluTanh>>;
  nn::Embedding<Vocab, Model> wte;
  nn::LearnedPositions<Seq, Position, Model> wpe;
  nn::Stack<LayerCount, Layer> h;
  nn::LayerNorm<Model> ln_f;
  constexpr Tensor<f32, Batch, Seq, Vocab> operator()(Tensor<i32, Batch, Seq> ids) const {
    return wte.logits(ln_f(h(wpe(wte(ids)), variants::causal<Seq, Key>())));
  }
};

template <int Layers, int Model, int Heads, int Vocab>
ModelSize size() {
  static constexpr auto graph = trace(Gpt2<Layers, Model, Heads, Vocab>{}, "ids");
  return {{Layers, Model, Heads, Vocab}, graph};
}

struct Gpt2Shape {
  std::string dtype = "f32";
  std::int64_t batch = 1, seq = 512, past = 0, layers = 12, model = 768, heads = 12, vocab = 50257;
};

void options(Gpt2Shape& s, Flags& flags) {
  modelType(s.dtype, flags);
  flags.number("--batch", s.batch, "texts");
  flags.number("--seq", s.seq, "tokens of a call", 1, {}, positions);
  flags.number("--past", s.past, "tokens before them", 0, {}, positions);
  flags.number("--layers", s.layers, "layers");
  flags.number("--model", s.model, "numbers per token");
  flags.number("--heads", s.heads, "heads");
  flags.number("--vocab", s.vocab, "words");
}

AnyArray tokens(std::int64_t batch, std::int64_t seq, std::int64_t vocab) {
  std::vector<std::int32_t> ids;
  for (std::int64_t i = 0; i < batch * seq; ++i) ids.push_back(std::int32_t((i * 7919 + 17) % vocab));
  return whole(ids, {batch, seq});
}

/// What is told in two calls is held against one call of the reference.
Deviation errorOf(Runner& runner, const GraphView& graph, const std::vector<NamedArray>& weights, std::int64_t vocab) {
  const std::int64_t told = 3;
  std::vector<std::int32_t> ids;
  for (std::int64_t i = 0; i < told; ++i) ids.push_back(std::int32_t((i * 31 + 5) % vocab));
  std::vector<AnyArray> all{whole(ids, {1, told})}, first{whole(std::span(ids).first(told - 1), {1, told - 1})},
      last{whole(std::span(ids).last(1), {1, 1})};
  const std::vector<Extent> room{{"batch", 1}, {"key", told}};
  runner.begin(room);
  AnyArray before = runner.run(viewsOf(first))[0], after = runner.run(viewsOf(last))[0];
  AnyArray got(DType::f32, std::vector<std::int64_t>{1, told, vocab});
  auto* to = static_cast<float*>(got.view.data);
  to = std::copy_n(static_cast<const float*>(before.view.data), before.view.size(), to);
  std::copy_n(static_cast<const float*>(after.view.data), after.view.size(), to);
  return modelError(graph, runner.executable().signature, weights, all, room, got.view);
}

Workload make(const Gpt2Shape& s, const Settings& given, const std::string& name) {
  const Settings settings = inType(given, s.dtype);
  const GraphView graph = gpt2Graph(s.layers, s.model, s.heads, s.vocab);
  if (s.past + s.seq > positions)
    throw Error("--past", "\"" + std::to_string(s.past) + "\" was given",
                "with --seq=" + std::to_string(s.seq) + " it has " + std::to_string(positions) + " positions");
  const double batch = double(s.batch), seq = double(s.seq), width = double(s.model), layers = double(s.layers);
  const double size = elementBytes(settings.options.element);
  const double keys = double(s.past + s.seq), cache = 2 * size * layers * batch * keys * width;
  Workload w;
  w.name = name;
  w.shape = Fields{{"dtype", s.dtype},   {"batch", s.batch}, {"seq", s.seq},     {"past", s.past},
                   {"layers", s.layers}, {"model", s.model}, {"heads", s.heads}, {"vocab", s.vocab}};
  w.executable = compile(graph, settings.options);
  const double parameters = parameterBytes(w.executable->signature);
  // The parameters, packed ones, and those of the reference in f64; the cache, the logits, and what a layer holds.
  requireMemory("heed-bench " + name, 8 * parameters + cache + 4 * batch * seq * (double(s.vocab) + 16 * width));
  AnyArray block;
  w.weights = randomWeights(w.executable->signature, block);
  roundWeights(w.weights, w.executable->signature, w.executable->rounded);
  w.inputs = {tokens(s.batch, s.seq, s.vocab)};
  double pairs = seq * double(s.past) + seq * (seq + 1) / 2;
  w.flops = 2 * batch * (layers * (12 * seq * width * width + 2 * pairs * width) + seq * width * double(s.vocab));
  w.limit = productsOf(s.dtype, settings);
  if (s.seq == 1 && s.batch == 1) {
    w.limit = Limit::read;
    // Of the positions one row is read; of the past, keys and values.
    w.bytes = parameters - size * double(positions - 1) * width + cache - bytesSaved(*w.executable, w.weights);
    w.traffic = {block.view};
  }
  w.error = [graph, weights = w.weights, s](Runner& runner) { return errorOf(runner, graph, weights, s.vocab); };
  w.tolerance = modelTolerance(settings, layers);
  w.begin = [s](Runner& runner) {
    runner.begin({{"batch", s.batch}, {"key", s.past + s.seq}});
    if (s.past == 0) return;
    std::vector<AnyArray> before{tokens(s.batch, s.past, s.vocab)};
    runner.run(viewsOf(before));
  };
  w.rewind = [lengths = std::vector<std::int32_t>(std::size_t(s.batch), std::int32_t(s.past))](Runner& runner) {
    runner.rewind(lengths);
  };
  return w;
}

}  // namespace

GraphView gpt2Graph(std::int64_t layers, std::int64_t model, std::int64_t heads, std::int64_t vocab) {
  static const std::vector<ModelSize> sizes{size<12, 768, 12, 50257>(), size<2, 64, 4, 512>()};
  return graphOf(sizes, {"--layers", "--model", "--heads", "--vocab"}, {layers, model, heads, vocab});
}

Subject gpt2Prefill() {
  return subject("gpt2-prefill", "a prompt through GPT-2, logits of every token", Gpt2Shape{}, options,
                 [](const Gpt2Shape& s, const Settings& settings) { return make(s, settings, "gpt2-prefill"); });
}

Subject gpt2Decode() {
  Gpt2Shape one;
  one.seq = 1, one.past = 512;
  return subject("gpt2-decode", "one token behind a past, against reading weights and past once", one, options,
                 [](const Gpt2Shape& s, const Settings& settings) { return make(s, settings, "gpt2-decode"); });
}

}  // namespace heed::bench
