// From a path to Weights: a file, an index, or a folder that has one of them.
//
// Invariant: only files beside the index are opened, whatever names it has.
// Read tests/runtime/weights/shards_test.cpp.
#include <algorithm>
#include <filesystem>

#include "heed/runtime/error.h"
#include "heed/runtime/weights/index.h"
#include "heed/runtime/weights/mapping.h"
#include "heed/runtime/weights/safetensors.h"
#include "heed/runtime/weights/weights.h"

namespace heed {
namespace {

namespace fs = std::filesystem;

constexpr char index_name[] = "model.safetensors.index.json", file_name[] = "model.safetensors";
constexpr std::size_t most_listed = 20;

Safetensors mapTensors(const std::string& path) {
  const MappedFile file = mapFile(path);
  Safetensors content = parseSafetensors(path, file.bytes);
  for (auto& [name, weight] : content.weights) weight.memory = file.memory;
  return content;
}

void addAll(Weights& weights, Safetensors content) {
  for (auto& [name, weight] : content.weights) weights.add(name, std::move(weight));
  weights.metadata.merge(content.metadata);
}

/// Throws unless the index says of this shard what it holds itself, `count` tensors.
void requireSame(const std::string& path, const ShardIndex& index, const std::string& shard, std::size_t count,
                 const Safetensors& content) {
  static constexpr char advice[] = "index and shards must be of one model";
  for (const auto& [name, weight] : content.weights) {
    const auto entry = index.find(name);
    if (entry == index.end() || entry->second != shard)
      throw Error(path, shown(shard) + " holds tensor " + shown(name),
                  entry == index.end() ? "the index has no such tensor" : "the index has it in " + shown(entry->second),
                  advice);
  }
  if (content.weights.size() == count) return;
  for (const auto& [name, where] : index)
    if (where == shard && !content.weights.contains(name))
      throw Error(path, "tensor " + shown(name) + " should be in " + shown(shard),
                  "the file has " + std::to_string(content.weights.size()) + " tensors and not this one", advice);
}

Weights loadShards(const fs::path& path) {
  const MappedFile file = mapFile(path);
  const ShardIndex index = parseIndex(path, file.bytes);
  std::map<std::string, std::size_t> shards;
  for (const auto& [name, shard] : index) ++shards[shard];

  std::string missing;
  std::size_t gone = 0;
  for (const auto& [shard, count] : shards)
    if (!fs::exists(path.parent_path() / shard) && ++gone <= most_listed)
      missing += (missing.empty() ? "" : ", ") + shown(shard);
  if (gone > 0)
    throw Error(path, std::to_string(gone) + " missing beside it: " + missing,
                "all " + std::to_string(shards.size()) + " shards are required", "get the rest of the model");

  Weights weights;
  weights.source = path;
  for (const auto& [shard, count] : shards) {
    Safetensors content = mapTensors(path.parent_path() / shard);
    requireSame(path, index, shard, count, content);
    addAll(weights, std::move(content));
  }
  return weights;
}

fs::path inFolder(const fs::path& folder) {
  for (const char* name : {index_name, file_name})
    if (fs::exists(folder / name)) return folder / name;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
  if (files.size() != 1)
    throw Error(folder, "a folder with " + std::to_string(files.size()) + " .safetensors files",
                std::string("it must have ") + index_name + ", " + file_name + ", or one other", "name the file");
  return files[0];
}

}  // namespace

Weights load(const std::string& given) {
  std::error_code none;
  fs::path path = given;
  try {
    if (fs::is_directory(path, none)) path = inFolder(path);
    if (path.extension() == ".json") return loadShards(path);
  } catch (const fs::filesystem_error& error) {
    throw Error(given, error.code().message(), "files that can be read are required", "check the path");
  }
  Weights weights;
  weights.source = path;
  addAll(weights, mapTensors(path));
  return weights;
}

}  // namespace heed
