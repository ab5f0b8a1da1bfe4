// Lesson 10: a vision transformer under its published names. An image is a sequence of patches with one more token
// before them, which becomes the class.
//
//   10_vit --random=tiny.safetensors
//   10_vit --weights=tiny.safetensors
//   10_vit --size=base --weights=vit-base-patch16-224 --images=cats.safetensors        pixel_values [batch, 3, 224,
//   224]
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "checkpoint.h"

using namespace heed;

struct Batch : axis<"batch"> {};
struct Color : axis<"color", 3> {};

/// Dosovitskiy et al., arXiv:2010.11929, for one set of extents.
template <int LayerCount, int ModelSize, int HeadCount, int HiddenSize, int Side, int PatchSide, int ClassCount>
struct ViT {
  struct Height : axis<"height", Side> {};
  struct Width : axis<"width", Side> {};
  struct PatchY : axis<"patch_y", PatchSide> {};
  struct PatchX : axis<"patch_x", PatchSide> {};
  struct GridY : part<Height, PatchY, "grid_y"> {};
  struct GridX : part<Width, PatchX, "grid_x"> {};
  struct Patch : axis<"patch", GridY::extent * GridX::extent> {};
  struct Token : axis<"token", Patch::extent + 1> {};
  struct Key : like<Token, "key"> {};
  struct Model : axis<"model", ModelSize> {};
  struct Heads : axis<"heads", HeadCount> {};
  struct Depth : part<Model, Heads, "depth"> {};
  struct Hidden : axis<"hidden", HiddenSize> {};
  struct Class : axis<"class", ClassCount> {};
  using Image = Tensor<f32, Batch, Color, Height, Width>;
  using X = Tensor<f32, Batch, Token, Model>;

  struct Embeddings {
    Tensor<f32, Model> cls_token;
    Tensor<f32, Token, Model> position_embeddings;
    nn::Linear<axes<Color, PatchY, PatchX>, Model> projection;  // a convolution whose stride is its width

    constexpr X operator()(Image image) const {
      auto cut = split<Width, GridX, PatchX>(split<Height, GridY, PatchY>(image));
      auto patches = merge<GridY, GridX, Patch>(projection(cut));
      auto t = index<Token>();
      return where(t == 0, cls_token, take<Patch>(patches, max(t - 1, 0))) + position_embeddings;
    }
  };
  struct Layer {
    nn::LayerNorm<Model> layernorm_before{.epsilon = 1e-12};
    nn::MultiHeadAttention<Model, Heads, Depth, Key> attn;
    nn::LayerNorm<Model> layernorm_after{.epsilon = 1e-12};
    nn::FeedForward<Model, Hidden> mlp;
    constexpr X operator()(X x) const {
      x = x + attn(layernorm_before(x));
      return x + mlp(layernorm_after(x));
    }
  };
  struct {
    Embeddings embeddings;
    Repeat<LayerCount, Layer> encoder;
    nn::LayerNorm<Model> layernorm{.epsilon = 1e-12};
  } vit;
  nn::Linear<Model, Class> classifier;

  constexpr Tensor<f32, Batch, Class> operator()(Image image) const {
    auto x = vit.embeddings(image) | vit.encoder | vit.layernorm;
    return classifier(nn::ClsPooling<Token>{}(x));
  }

  static lesson::Published published() {
    return {.names = {{"vit.encoder.layer.*", "vit.encoder.*"},
                      {"*.patch_embeddings.projection.*", "*.projection.*"},
                      {"*.attention.attention.query.*", "*.attn.q.*"},
                      {"*.attention.attention.key.*", "*.attn.k.*"},
                      {"*.attention.attention.value.*", "*.attn.v.*"},
                      {"*.attention.output.dense.*", "*.attn.out.*"},
                      {"*.intermediate.dense.*", "*.mlp.up.*"},
                      {"*.output.dense.*", "*.mlp.down.*"}},
            .ignore = {"vit.pooler."},
            .config = {{"hidden_size", ModelSize},
                       {"num_hidden_layers", LayerCount},
                       {"num_attention_heads", HeadCount},
                       {"intermediate_size", HiddenSize},
                       {"image_size", Side},
                       {"patch_size", PatchSide},
                       {"num_channels", Color::size},
                       {"hidden_act", "gelu"},
                       {"qkv_bias", true},
                       {"layer_norm_eps", 1e-12}}};
  }
};

struct Flags {
  lesson::Checkpoint checkpoint;
  std::string images, logits;
};

template <class V>
void classify(const Flags& flags, const lesson::CommandLine& line) {
  static constexpr auto graph = trace(V{}, "image");
  auto run = lesson::compile(graph, line);
  const std::int64_t before = lesson::resident();
  if (line.compile_only || !flags.checkpoint.bind({{run.runner(), V::published()}})) return;
  using Images = Array<f32, Batch, Color, typename V::Height, typename V::Width>;
  Images images = lesson::filled(Images(2, 3, V::Height::size, V::Width::size), 7);
  if (!flags.images.empty()) {
    auto stored = load(flags.images).array<f32, Batch, Color, typename V::Height, typename V::Width>("pixel_values");
    if (stored.view().sizes[0] == 0) throw Error("--images", "no images", "at least one is required");
    images = Images(stored.view().sizes[0], 3, V::Height::size, V::Width::size);
    std::copy(stored.span().begin(), stored.span().end(), images.span().begin());
  }
  Array<f32, Batch, typename V::Class> logits = run(images);
  lesson::requireNumbers("logits", logits.any(), {{run.runner(), V::published()}});

  const Config config = Config::load(flags.checkpoint.weights);
  for (int b = 0; b < logits.view().sizes[0]; ++b) {
    auto row = std::span<const float>(logits.span()).subspan(std::size_t(b) * V::Class::size, V::Class::size);
    const auto best = std::max_element(row.begin(), row.end()) - row.begin();
    double sum = 0;
    for (float x : row) sum += std::exp(double(x) - row[std::size_t(best)]);
    const Config::Value label = config.at("id2label." + std::to_string(best));
    const auto* name = std::get_if<std::string>(&label);
    std::printf("image %d: class %d%s%s, probability %.4f\n", b, int(best), name ? ", " : "", name ? name->c_str() : "",
                1 / sum);
  }
  lesson::printMemory({&run.runner()}, before);
  if (!flags.logits.empty()) save(flags.logits, Weights{{"pixel_values", images.any()}, {"logits", logits.any()}});
}

int main(int argc, char** argv) {
  Flags flags;
  std::string size = "tiny";
  auto options = [&](CLI::App& app) {
    flags.checkpoint.addTo(app);
    app.add_option("--images", flags.images, "a .safetensors file with pixel_values; without it, two of noise");
    app.add_option("--logits", flags.logits, "write pixel_values and logits to this .safetensors file");
    app.add_option("--size", size, "of the model")->check(lesson::oneOf({"tiny", "base"}))->capture_default_str();
  };
  return lesson::guarded(argc, argv, "A vision transformer", options, [&](const lesson::CommandLine& line) {
    if (size == "tiny") classify<ViT<2, 48, 4, 96, 32, 8, 10>>(flags, line);
    if (size == "base") classify<ViT<12, 768, 12, 3072, 224, 16, 1000>>(flags, line);
  });
}
