#include "generate.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <sstream>

using namespace heed;

namespace lesson {

std::vector<std::int32_t> parseIds(const std::string& text, std::int64_t vocab) {
  std::vector<std::int32_t> ids;
  std::stringstream in(text);
  for (std::string id; std::getline(in, id, ',');) {
    std::int32_t number = -1;
    auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
    if (error != std::errc() || end != id.data() + id.size() || number < 0 || number >= vocab)
      throw Error("--prompt", "\"" + id + "\"", "token ids from 0 to " + std::to_string(vocab - 1) + " are required",
                  "--prompt=1,17,42");
    ids.push_back(number);
  }
  if (ids.empty()) throw Error("--prompt", "nothing", "at least one token id is required", "--prompt=1,17,42");
  return ids;
}

void writeRandom(const std::string& path, const Signature& signature,
                 const std::function<std::string(const std::string&)>& published) {
  Weights weights;
  unsigned seed = 1;
  for (const TensorSpec& parameter : signature.parameters) {
    std::vector<std::int64_t> sizes;
    for (const AxisSpec& axis : parameter.axes) sizes.push_back(axis.extent);
    AnyArray array(DType::f32, sizes);
    bool norm = sizes.size() == 1 && parameter.name.ends_with(".weight");
    for (float& x : std::span(static_cast<float*>(array.view.data), std::size_t(array.view.size()))) {
      seed = seed * 1664525u + 1013904223u;
      x = (norm ? 1 : 0) + (float(seed >> 8) * 0x1p-23f - 1) * (norm ? .1f : .35f);
    }
    weights.add(published(parameter.name), array);
  }
  save(path, weights);
}

std::int32_t likeliest(std::span<const float> logits) {
  return std::int32_t(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

void Generation::addTo(CLI::App& app) {
  app.add_option("--weights", weights, "a .safetensors file, or the folder of a sharded one");
  app.add_option("--random", random, "write a checkpoint of random numbers, and stop");
  app.add_option("--prompt", prompt, "token ids, with commas between them")->capture_default_str();
  app.add_option("--tokens", tokens, "how many to generate")->check(CLI::Range(0, 1 << 20))->capture_default_str();
  app.add_option("--logits", logits, "write the ids and logits of the whole text to this .safetensors file");
}

void requireWeights(const std::string& weights) {
  if (weights.empty())
    throw Error("--weights", "nothing", "a checkpoint is required", "make one of random numbers: --random=FILE");
}

}  // namespace lesson
