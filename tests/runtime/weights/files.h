// Files of the safetensors format, made by hand: right, or wrong in one place.
//
// Invariant: a Folder is empty when made and gone with its last file when the test ends.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "axes.h"
#include "heed/runtime/weights/safetensors.h"
#include "heed/runtime/weights/weights.h"

namespace heed::testing {

class Folder {
 public:
  Folder() : path_(::testing::TempDir() + "heed-weights-XXXXXX") {
    if (!mkdtemp(path_.data())) throw std::runtime_error("no temporary folder");
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;

  std::string path(const std::string& name = "") const { return path_ + "/" + name; }
  /// Writes a file and gives its path.
  std::string put(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }
  std::string get(const std::string& name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::size_t files() const {
    return std::distance(std::filesystem::directory_iterator(path_), std::filesystem::directory_iterator());
  }

 private:
  std::string path_;
};

inline std::string lengthOf(std::uint64_t length) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes;
}
/// A file of this header and `data` bytes, 0, 1, 2, ...
inline std::string fileOf(const std::string& header, std::size_t data = 0) {
  std::string bytes = lengthOf(header.size()) + header;
  for (std::size_t i = 0; i < data; ++i) bytes += static_cast<char>(i);
  return bytes;
}
/// {"dtype":"F32","shape":[2],"data_offsets":[0,8]}
inline std::string tensor(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return "{\"dtype\":\"" + dtype + "\",\"shape\":[" + shape + "],\"data_offsets\":[" + offsets + "]}";
}

inline std::span<const std::byte> bytesOf(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
/// What parsing the bytes as "f" says; empty if they are a file of the format.
inline std::string verdict(const std::string& bytes) {
  return errorOf([&] { parseSafetensors("f", bytesOf(bytes)); });
}

}  // namespace heed::testing
