// The safetensors format: eight bytes of length, a JSON header, the tensors' bytes.
//
// Invariant: what parseSafetensors() returns covers the file without a hole or an overlap, whoever wrote the file.
// Read tests/runtime/weights/malformed_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "heed/runtime/weights/stored.h"

namespace heed {

/// The longest header that is read, in bytes.
inline constexpr std::uint64_t most_header = 100'000'000;
/// What save() starts the tensors' bytes at a multiple of; the format asks for 8.
inline constexpr std::size_t data_alignment = 64;

struct Safetensors {
  std::map<std::string, Weight, std::less<>> weights;  // without memory: they point into the file's bytes
  std::map<std::string, std::string, std::less<>> metadata;
};

/// Throws heed::Error in the name of `file` unless the bytes are a complete file of the format.
Safetensors parseSafetensors(const std::string& file, std::span<const std::byte> bytes);

/// All of a file but the tensors' bytes, which follow in the order of the list.
struct SafetensorsHeader {
  std::string bytes;
  std::vector<const Weight*> order;
};
/// Deterministic: wide elements first, so that all are aligned; then by name. Throws heed::Error in the name of `file`
/// if a name is not UTF-8, or "__metadata__".
SafetensorsHeader formatSafetensors(const std::string& file, const Safetensors& content);

}  // namespace heed
