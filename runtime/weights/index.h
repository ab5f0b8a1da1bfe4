// The index of a sharded model: which file has which tensor.
//
// Invariant: a shard is the plain name of a file beside the index: no folder, no way up.
// Read tests/runtime/weights/shards_test.cpp.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>

namespace heed {

/// From tensor to shard.
using ShardIndex = std::map<std::string, std::string, std::less<>>;

/// Reads the weight_map of a model.safetensors.index.json. Throws heed::Error in the name of `file`.
ShardIndex parseIndex(const std::string& file, std::span<const std::byte> bytes);

}  // namespace heed
