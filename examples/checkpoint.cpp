#include "checkpoint.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <ranges>

#include "check.h"

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

/// Random numbers for every parameter.
static void addRandom(Weights& weights, const Part& part) {
  unsigned seed = 1 + unsigned(weights.size());
  for (const TensorSpec& parameter : part.model.executable().signature.parameters)
    if (const std::string name = part.published.nameOf(parameter.name); !weights.contains(name))
      weights.add(name, randomParameter(parameter, seed));
}

bool Checkpoint::bind(std::initializer_list<Part> parts) const {
  if (!random.empty()) {
    Weights numbers;
    for (const Part& part : parts) addRandom(numbers, part);
    save(random, numbers);
    return false;
  }
  if (weights.empty())
    throw Error("--weights", "nothing", "a checkpoint is required", "make one of random numbers: --random=FILE");
  const Config config = Config::load(weights);
  const Weights stored = load(weights);
  for (const auto& [model, published] : parts) {
    config.require(published.config);
    model.bind(stored, published.options());
  }
  return true;
}

std::int64_t resident() {
  std::ifstream pages("/proc/self/statm");
  std::int64_t all = 0, here = 0;
  pages >> all >> here;
  return here * sysconf(_SC_PAGESIZE);
}

void printMemory(std::initializer_list<const Runner*> models, std::int64_t before) {
  auto mb = [](std::int64_t bytes) { return double(bytes) / 1e6; };
  const Memory memory = memoryOf(models);
  std::printf(
      "memory: weights %.2f (of %.2f) + packed %.2f + cache %.2f + working %.2f = %.2f MB; the system counts %.2f MB\n",
      mb(memory.parameters), mb(memory.bound), mb(memory.packed), mb(memory.states), mb(memory.working),
      mb(memory.total()), mb(resident() - before));
}

}  // namespace lesson
