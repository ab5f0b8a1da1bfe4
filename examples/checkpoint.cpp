#include "checkpoint.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <ranges>

using namespace heed;

namespace lesson {

std::string Published::nameOf(const std::string& parameter) const {
  std::string name = parameter;
  for (const auto& [theirs, ours] : names | std::views::reverse) {
    const bool prefix = theirs.ends_with('.');
    name = Renaming({{ours + (prefix ? "*" : ""), theirs + (prefix ? "*" : "")}})(name);
  }
  return name;
}

void Checkpoint::addTo(CLI::App& app) {
  app.add_option("--weights", weights, "a .safetensors file, or a folder with one or with shards");
  app.add_option("--random", random, "write a checkpoint of random numbers, and stop");
}

/// Random numbers for every parameter, norms around 1. A symbolic extent is 96.
static void writeRandom(const std::string& path, const Signature& signature, const Published& published) {
  Weights weights;
  unsigned seed = 1;
  for (const TensorSpec& parameter : signature.parameters) {
    std::vector<std::int64_t> sizes;
    for (const AxisSpec& axis : parameter.axes) sizes.push_back(axis.extent < 0 ? 96 : axis.extent);
    AnyArray array(DType::f32, sizes);
    bool norm = sizes.size() == 1 && parameter.name.ends_with(".weight");
    for (float& x : std::span(static_cast<float*>(array.view.data), std::size_t(array.view.size()))) {
      seed = seed * 1664525u + 1013904223u;
      x = (norm ? 1 : 0) + (float(seed >> 8) * 0x1p-23f - 1) * (norm ? .1f : .35f);
    }
    weights.add(published.nameOf(parameter.name), array);
  }
  save(path, weights);
}

bool Checkpoint::bind(Runner& model, const Published& published) const {
  if (!random.empty()) {
    writeRandom(random, model.executable().signature, published);
    return false;
  }
  if (weights.empty())
    throw Error("--weights", "nothing", "a checkpoint is required", "make one of random numbers: --random=FILE");
  Config::load(weights).require(published.config);
  model.bind(load(weights), published.options());
  return true;
}

std::int64_t resident() {
  std::ifstream pages("/proc/self/statm");
  std::int64_t all = 0, here = 0;
  pages >> all >> here;
  return here * sysconf(_SC_PAGESIZE);
}

void printMemory(const Runner& model, std::int64_t before) {
  auto mb = [](std::int64_t bytes) { return double(bytes) / 1e6; };
  const Runner::Memory memory = model.memory();
  std::printf("memory: weights %.2f + cache %.2f + working %.2f = %.2f MB; the system counts %.2f MB\n",
              mb(memory.parameters), mb(memory.states), mb(memory.working), mb(memory.total()),
              mb(resident() - before));
}

}  // namespace lesson
