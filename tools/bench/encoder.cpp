#include "encoder.h"

#include <algorithm>

#include "arrays.h"
#include "heed/heed.h"

namespace heed::bench {
namespace {

struct Batch : axis<"batch"> {};
struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};

/// BERT's (Devlin et al., arXiv:1810.04805): post-norm layers, with the exact GELU.
template <int LayerCount, int ModelSize, int HeadCount, int HiddenSize>
struct Encoder {
  struct Model : axis<"model", ModelSize> {};
  struct Heads : axis<"heads", HeadCount> {};
  struct Depth : part<Model, Heads, "depth"> {};
  struct Hidden : axis<"hidden", HiddenSize> {};
  using X = Tensor<f32, Batch, Seq, Model>;
  using Layer = nn::PostNormEncoderLayer<nn::LayerNorm<Model>, nn::MultiHeadAttention<Model, Heads, Depth, Key>,
                                         nn::FeedForward<Model, Hidden>>;
  nn::Stack<LayerCount, Layer> stack;
  constexpr X operator()(X x) const { return stack(x); }
};

template <int Layers, int Model, int Heads, int Hidden>
ModelSize size() {
  static constexpr auto graph = trace(Encoder<Layers, Model, Heads, Hidden>{}, "x");
  return {{Layers, Model, Heads, Hidden}, graph};
}

struct EncoderShape {
  std::string dtype = "f32";
  std::int64_t batch = 8, seq = 128, layers = 6, model = 384, heads = 12, ff = 1536;
};

void options(EncoderShape& s, Flags& flags) {
  modelType(s.dtype, flags);
  flags.number("--batch", s.batch, "sequences");
  flags.number("--seq", s.seq, "tokens");
  flags.number("--layers", s.layers, "layers");
  flags.number("--model", s.model, "numbers per token");
  flags.number("--heads", s.heads, "heads");
  flags.number("--ff", s.ff, "hidden numbers of the feed-forward network");
}

Workload make(const EncoderShape& s, const Settings& given, const std::string& name) {
  const Settings settings = inType(given, s.dtype);
  const GraphView graph = encoderGraph(s.layers, s.model, s.heads, s.ff);
  double tokens = double(s.batch) * double(s.seq), width = double(s.model);
  // Beside input and result: queries, keys, values, what they give, the hidden numbers, and what the norms are of.
  requireMemory("heed-bench " + name, 4 * tokens * (10 * width + 2 * double(s.ff)));
  Workload w;
  w.name = name;
  w.shape = Fields{{"dtype", s.dtype}, {"batch", s.batch}, {"seq", s.seq}, {"layers", s.layers},
                   {"model", s.model}, {"heads", s.heads}, {"ff", s.ff}};
  w.executable = compile(graph, settings.options);
  AnyArray block;
  w.weights = randomWeights(w.executable->signature, block);
  roundWeights(w.weights, w.executable->signature, w.executable->rounded);
  w.inputs = {normal(DType::f32, {s.batch, s.seq, s.model}, 1)};
  double products = tokens * (4 * width * width + 2 * width * double(s.ff)) + 2 * tokens * double(s.seq) * width;
  w.flops = 2 * double(s.layers) * products;
  w.error = [graph, executable = w.executable, weights = w.weights, s](Runner& runner) {
    std::vector<AnyArray> few{normal(DType::f32, {2, std::min<std::int64_t>(s.seq, 7), s.model}, 2)};
    return modelError(graph, executable->signature, weights, few, {}, runner.run(viewsOf(few))[0].view);
  };
  w.tolerance = modelTolerance(settings, double(s.layers));
  w.limit = productsOf(s.dtype, settings);
  return w;
}

}  // namespace

GraphView encoderGraph(std::int64_t layers, std::int64_t model, std::int64_t heads, std::int64_t ff) {
  static const std::vector<ModelSize> sizes{size<1, 384, 12, 1536>(), size<6, 384, 12, 1536>(),
                                            size<1, 768, 12, 3072>(), size<12, 768, 12, 3072>(),
                                            size<1, 64, 4, 128>(),    size<2, 64, 4, 128>()};
  return graphOf(sizes, {"--layers", "--model", "--heads", "--ff"}, {layers, model, heads, ff});
}

Subject encoder() {
  return subject("encoder", "the layers of a sentence encoder, as those of MiniLM-L6", EncoderShape{}, options,
                 [](const EncoderShape& s, const Settings& settings) { return make(s, settings, "encoder"); });
}

Subject encoderLayer() {
  EncoderShape one;
  one.layers = 1;
  return subject("encoder-layer", "one of them", one, options,
                 [](const EncoderShape& s, const Settings& settings) { return make(s, settings, "encoder-layer"); });
}

}  // namespace heed::bench
