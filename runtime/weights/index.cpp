// Reading an index. Whatever it has beside weight_map is passed over, but must be JSON without duplicate keys too.
//
// Invariant: a name that could leave the folder never gets as far as the file system.
// Read tests/runtime/weights/shards_test.cpp.
#include "heed/runtime/weights/index.h"

#include <algorithm>

#include "heed/runtime/error.h"
#include "heed/runtime/weights/json.h"
#include "heed/runtime/weights/names.h"
#include "heed/runtime/weights/safetensors.h"

namespace heed {
namespace {

constexpr char advice[] = "it is damaged, or not the index of a sharded model: get it again";

bool isPlainName(const std::string& name) {
  return !name.empty() && name.size() <= 255 && name[0] != '.' && std::all_of(name.begin(), name.end(), [](char c) {
    return c != '/' && c != '\\' && static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
  });
}

class IndexReader : public JsonEvents {
 public:
  explicit IndexReader(const std::string& file) : file_(file) {}
  ShardIndex take() {
    if (!seen_) throw Error(file_, "it has no weight_map", "an object from tensors to files is required", advice);
    return std::move(index_);
  }

  void object() override {
    if (inMap()) refuse("an object");
    if (depth_ == 1 && key_ == "weight_map") seen_ = true;
    ++depth_;
  }
  void list() override {
    value("a list");
    ++depth_;
  }
  void end() override { --depth_; }
  void key(const std::string& key) override {
    if (depth_ == 1) key_ = key;
    if (inMap()) name_ = key;
  }
  void string(const std::string& shard) override {
    if (!inMap()) return value("a string");
    if (!isPlainName(shard))
      throw Error(file_, "tensor " + shown(name_) + " is in " + shown(shard),
                  "a shard is the plain name of a file beside the index", advice);
    index_.emplace(name_, shard);
  }
  void whole(std::uint64_t) override { value("a number"); }
  void other(const std::string& value) override { this->value(value.substr(0, 40)); }

 private:
  bool inMap() const { return depth_ == 2 && key_ == "weight_map"; }
  void value(const std::string& given) const {
    if (depth_ == 0) throw Error(file_, "it is " + given, "an index is a JSON object", advice);
    if (inMap() || (depth_ == 1 && key_ == "weight_map")) refuse(given);
  }
  [[noreturn]] void refuse(const std::string& given) const {
    throw Error(file_, "its weight_map " + (inMap() ? "has " + given + " for tensor " + shown(name_) : "is " + given),
                "it maps tensors to the names of files", advice);
  }

  const std::string& file_;
  ShardIndex index_;
  int depth_ = 0;
  bool seen_ = false;
  std::string key_, name_;
};

}  // namespace

ShardIndex parseIndex(const std::string& file, std::span<const std::byte> bytes) {
  if (bytes.size() > most_header)
    throw Error(file, "it has " + std::to_string(bytes.size()) + " bytes",
                "at most " + std::to_string(most_header) + " are read", advice);
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  IndexReader reader(file);
  readJson(file, text, reader);
  return reader.take();
}

}  // namespace heed
