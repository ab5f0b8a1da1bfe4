#include "checkpoint.h"

#include <heed/runtime/element.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <fstream>

#include "check.h"

using namespace heed;

namespace lesson {

void Checkpoint::addTo(CLI::App& app) {
  app.add_option("--weights", weights, "a .safetensors file, or a folder with one or with shards");
  app.add_option("--random", random, "write a checkpoint of random numbers, and stop");
}

/// Random numbers for every parameter.
static void addRandom(Weights& weights, const Part& part) {
  unsigned seed = 1 + unsigned(weights.size());
  const Renaming rename(part.published.names);
  for (const TensorSpec& parameter : part.model.executable().signature.parameters)
    if (const std::string name = rename.back(parameter.name); !weights.contains(name))
      weights.add(name, randomParameter(parameter, part.published.norms, seed));
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

/// The place of the first element that is no number, or -1.
static std::int64_t firstBad(const ArrayView& view) {
  auto first = [&]<class T>(const T* data) {
    for (std::int64_t n = 0, size = view.size(); n < size; ++n)
      if (!std::isfinite(static_cast<float>(data[n]))) return n;
    return std::int64_t{-1};
  };
  if (view.dtype == DType::f32) return first(static_cast<const float*>(view.data));
  if (view.dtype == DType::bf16) return first(static_cast<const bfloat16*>(view.data));
  return view.dtype == DType::f16 ? first(static_cast<const float16*>(view.data)) : -1;
}

static Error noNumber(const std::string& what, std::int64_t at, const std::string& advice) {
  return Error(what, "element " + std::to_string(at) + " is NaN or infinite", "numbers are required", advice);
}

void requireNumbers(std::initializer_list<Part> parts) {
  for (const auto& [model, published] : parts)
    for (const auto& [name, array] : model.arguments().bound())
      if (const std::int64_t at = firstBad(array.view); at >= 0)
        throw noNumber(
            "weight " + shown(Renaming(published.names).back(name)) + ", " + std::string(dtypeName(array.view.dtype)),
            at, "the checkpoint is damaged, or its numbers are too large for --dtype");
}

void requireNumbers(const std::string& what, const AnyArray& result, std::initializer_list<Part> parts) {
  const std::int64_t at = firstBad(result.view);
  if (at < 0) return;
  requireNumbers(parts);
  throw noNumber(what, at, "all weights are numbers: check the input, or try --dtype=f32");
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
