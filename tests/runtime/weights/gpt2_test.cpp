// GPT-2 as it is published: its names, its shapes, its buffers, bound to a graph whose attention has heads.
//
// The graph is a stand-in that sums one element of every parameter; the names and shapes are the checkpoint's.
#include <gtest/gtest.h>

#include "files.h"
#include "heed/driver/kernel.h"

namespace heed::testing {
namespace {

template <class D, class... A>
struct Tensor {};  // as the language's

struct Vocab : axis<"vocab", 50257> {};
struct Pos : axis<"pos", 1024> {};
struct Model : axis<"model", 768> {};
struct Hidden : axis<"hidden", 3072> {};
struct Three : axis<"three", 3> {};
struct Head : axis<"heads", 12> {};
struct Width : axis<"depth", 64> {};

constexpr int layers = 12;

template <class... A>
TensorSpec parameter(const std::string& name) {
  return {name, DType::f32, {axisSpec<A>()...}};
}

/// Parameters as a user declares them: attention by heads, matrices [in, out] as GPT-2's Conv1D has them.
std::shared_ptr<const Executable> gpt2() {
  auto executable = std::make_shared<Executable>();
  auto& p = executable->signature.parameters;
  p = {parameter<Vocab, Model>("wte.weight"), parameter<Pos, Model>("wpe.weight")};
  for (int i = 0; i < layers; ++i) {
    const std::string h = "layers." + std::to_string(i) + ".";
    for (const char* norm : {"ln_1.", "ln_2."})
      p.insert(p.end(), {parameter<Model>(h + norm + "weight"), parameter<Model>(h + norm + "bias")});
    p.insert(p.end(), {parameter<Model, Three, Head, Width>(h + "attn.qkv.weight"),
                       parameter<Three, Head, Width>(h + "attn.qkv.bias"),
                       parameter<Head, Width, Model>(h + "attn.out.weight"), parameter<Model>(h + "attn.out.bias"),
                       parameter<Model, Hidden>(h + "mlp.up.weight"), parameter<Hidden>(h + "mlp.up.bias"),
                       parameter<Hidden, Model>(h + "mlp.down.weight"), parameter<Model>(h + "mlp.down.bias")});
  }
  p.insert(p.end(), {parameter<Model>("ln_f.weight"), parameter<Model>("ln_f.bias")});
  executable->signature.results = {{"sum", DType::f32, {}}};
  executable->call = [count = p.size()](Session&, void** arguments) {
    auto first = [&](std::size_t i) {
      return static_cast<float*>(static_cast<abi::Descriptor<0>*>(arguments[i])->aligned);
    };
    float& sum = *first(count) = 0;
    for (std::size_t i = 0; i < count; ++i) sum += *first(i);
  };
  return executable;
}

/// The published file, sparse: all zeros but the first element of each tensor, 1.
std::string published(const Folder& folder, const char* dtype, int width) {
  struct Entry {
    std::string name, shape;
    std::int64_t count;
  };
  std::vector<Entry> entries{{"wte.weight", "50257,768", 50257 * 768}, {"wpe.weight", "1024,768", 1024 * 768}};
  for (int i = 0; i < layers; ++i) {
    const std::string h = "h." + std::to_string(i) + ".";
    entries.insert(entries.end(), {{h + "ln_1.weight", "768", 768},
                                   {h + "ln_1.bias", "768", 768},
                                   {h + "ln_2.weight", "768", 768},
                                   {h + "ln_2.bias", "768", 768},
                                   {h + "attn.bias", "1,1,1024,1024", 1024 * 1024},
                                   {h + "attn.c_attn.weight", "768,2304", 768 * 2304},
                                   {h + "attn.c_attn.bias", "2304", 2304},
                                   {h + "attn.c_proj.weight", "768,768", 768 * 768},
                                   {h + "attn.c_proj.bias", "768", 768},
                                   {h + "mlp.c_fc.weight", "768,3072", 768 * 3072},
                                   {h + "mlp.c_fc.bias", "3072", 3072},
                                   {h + "mlp.c_proj.weight", "3072,768", 768 * 3072},
                                   {h + "mlp.c_proj.bias", "768", 768}});
  }
  entries.insert(entries.end(), {{"ln_f.weight", "768", 768}, {"ln_f.bias", "768", 768}});
  std::string header = "{\"__metadata__\":{\"format\":\"pt\"}";
  std::int64_t at = 0;
  std::vector<std::int64_t> starts;
  for (const Entry& e : entries) {
    starts.push_back(at);
    const std::int64_t end = at + e.count * width;
    header += ",\"" + e.name + "\":" + tensor(dtype, e.shape, std::to_string(at) + "," + std::to_string(end));
    at = end;
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  const std::string path = folder.put("model.safetensors", fileOf(header));
  const std::uint32_t one = width == 4 ? 0x3f800000u : dtype[0] == 'B' ? 0x3f80u : 0x3c00u;
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  for (std::int64_t start : starts) {
    file.seekp(8 + static_cast<std::int64_t>(header.size()) + start);
    file.write(reinterpret_cast<const char*>(&one), width);
  }
  file.close();
  std::filesystem::resize_file(path, 8 + header.size() + at);
  return path;
}

const BindOptions options{.rename = {{"transformer.", ""},
                                     {"h.", "layers."},
                                     {"*.attn.c_attn.*", "*.attn.qkv.*"},
                                     {"*.attn.c_proj.*", "*.attn.out.*"},
                                     {"*.mlp.c_fc.*", "*.mlp.up.*"},
                                     {"*.mlp.c_proj.*", "*.mlp.down.*"}},
                          .ignore = {"h.*.attn.bias"}};

float sumOf(Kernel<Tensor<f32>()>& run) { return run()(); }

TEST(Gpt2, thePublishedFileBindsWithoutACopy) {
  const Folder folder;
  const Weights weights = load(published(folder, "F32", 4));
  Kernel<Tensor<f32>()> run(gpt2());
  run.bind(weights, options);
  EXPECT_EQ(sumOf(run), 2 + 12 * layers + 2);
  for (const auto& [name, array] : run.runner().arguments().bound())
    EXPECT_TRUE(name != "layers.7.attn.qkv.weight" || array.view.data == weights.at("h.7.attn.c_attn.weight").data);
}

TEST(Gpt2, halvesBecomeFloats) {
  for (const char* dtype : {"F16", "BF16"}) {
    const Folder folder;
    Kernel<Tensor<f32>()> run(gpt2());
    run.bind(load(published(folder, dtype, 2)), options);
    EXPECT_EQ(sumOf(run), 2 + 12 * layers + 2);
  }
}

TEST(Gpt2, withoutOptionsTheFirstNamesAreListed) {
  const Folder folder;
  Kernel<Tensor<f32>()> run(gpt2());
  const std::string error = errorOf([&] { run.bind(load(published(folder, "F32", 4))); });
  EXPECT_NE(error.find("144 missing, 156 extra;"), std::string::npos);
  EXPECT_NE(error.find("\n  missing: layers.0."), std::string::npos) << error;
  EXPECT_TRUE(error.ends_with("\n  and 290 more")) << error;
  EXPECT_NE(error.find("\n  extra: \"h.0.attn.bias\", F32[1, 1, 1024, 1024]"), std::string::npos);
}

}  // namespace
}  // namespace heed::testing
