// Reading a header: one state per place in the grammar, then one sweep over the tensors.
//
// Invariant: no number of the header is used before it is known to be what the format allows.
// Read tests/runtime/weights/malformed_test.cpp: one row per message.
#include <algorithm>
#include <bit>
#include <cstring>
#include <tuple>

#include "heed/runtime/error.h"
#include "heed/runtime/weights/json.h"
#include "heed/runtime/weights/names.h"
#include "heed/runtime/weights/safetensors.h"

namespace heed {
namespace {

static_assert(std::endian::native == std::endian::little, "heed: the format is little-endian, and so must the CPU be");

constexpr char advice[] = "it is damaged, or not a safetensors file: get it again";

class HeaderReader : public JsonEvents {
 public:
  HeaderReader(const std::string& file, std::span<const std::byte> data) : file_(file), data_(data) {}
  Safetensors take() { return std::move(content_); }

  void object() override {
    if (at_ == At::start)
      at_ = At::names;
    else if (at_ == At::names)
      at_ = name_ == "__metadata__" ? At::metadata : At::tensor;
    else
      refuse("an object");
    type_ = nullptr;
    has_shape_ = has_offsets_ = false;
  }
  void list() override {
    if (at_ == At::tensor && key_ == "shape")
      at_ = At::shape;
    else if (at_ == At::tensor && key_ == "data_offsets")
      at_ = At::offsets;
    else
      refuse("a list");
    numbers_.clear();
  }
  void end() override {
    if (at_ == At::shape) {
      shape_ = numbers_;
      has_shape_ = true;
    } else if (at_ == At::offsets) {
      if (numbers_.size() != 2) refuse("a list of " + std::to_string(numbers_.size()));
      offsets_ = numbers_;
      has_offsets_ = true;
    } else if (at_ == At::tensor) {
      addTensor();
    }
    at_ = at_ == At::shape || at_ == At::offsets ? At::tensor : At::names;
  }
  void key(const std::string& key) override {
    (at_ == At::names ? name_ : key_) = key;
    if (at_ == At::tensor && key != "dtype" && key != "shape" && key != "data_offsets")
      fail("it has the key " + shown(key), "dtype, shape and data_offsets are all there is");
  }
  void string(const std::string& value) override {
    if (at_ == At::metadata)
      content_.metadata.emplace(key_, value);
    else if (at_ == At::tensor && key_ == "dtype")
      setType(value);
    else
      refuse("a string");
  }
  void whole(std::uint64_t value) override {
    if (at_ != At::shape && at_ != At::offsets) refuse("the number " + std::to_string(value));
    if (value > INT64_MAX) refuse("the number " + std::to_string(value));
    numbers_.push_back(static_cast<std::int64_t>(value));
  }
  void other(const std::string& value) override { refuse(value.substr(0, 40)); }

 private:
  enum class At { start, names, tensor, shape, offsets, metadata };

  [[noreturn]] void fail(const std::string& given, const std::string& required) const {
    throw Error(file_, "tensor " + shown(name_) + ": " + given, required, advice);
  }
  [[noreturn]] void refuse(const std::string& given) const {
    if (at_ == At::start) throw Error(file_, "its header is " + given, "it must be a JSON object", advice);
    if (at_ == At::names && name_ == "__metadata__")
      throw Error(file_, "__metadata__ is " + given, "it maps strings to strings", advice);
    if (at_ == At::names) fail("it is " + given, "a tensor is an object of dtype, shape and data_offsets");
    if (at_ == At::metadata)
      throw Error(file_, "__metadata__ has " + given + " under " + shown(key_), "it maps strings to strings", advice);
    if (key_ == "dtype") fail("its dtype is " + given, "a dtype is a string");
    if (key_ == "shape") fail("its shape has " + given, "a shape is a list of whole numbers below 2^63");
    fail("its data_offsets have " + given, "data_offsets are a list of two whole numbers below 2^63");
  }
  void setType(const std::string& name) {
    type_ = storedType(name);
    if (type_) return;
    std::string all;
    for (const StoredType& type : storedTypes()) all += (all.empty() ? "" : " ") + std::string(type.name);
    fail("its dtype is " + shown(name), "the format has " + all);
  }
  void addTensor() {
    if (!type_ || !has_shape_ || !has_offsets_)
      fail(std::string("it has no ") + (!type_        ? "dtype"
                                        : !has_shape_ ? "shape"
                                                      : "data_offsets"),
           "dtype, shape and data_offsets are required");
    const std::int64_t begin = offsets_[0], end = offsets_[1];
    Weight weight{type_, shape_, nullptr, end - begin, nullptr};
    if (begin > end || static_cast<std::uint64_t>(end) > data_.size())
      fail("its data_offsets are " + std::to_string(begin) + " and " + std::to_string(end),
           "they must rise within the file's " + std::to_string(data_.size()) + " bytes of data");
    const auto bytes = storedBytes(*type_, shape_);
    if (!bytes) fail("it is " + toString(weight), "its bytes must be a whole 63-bit number");
    if (*bytes != weight.bytes)
      fail("it has " + std::to_string(weight.bytes) + " bytes", toString(weight) + " takes " + std::to_string(*bytes));
    weight.data = data_.data() + begin;
    content_.weights.emplace(name_, std::move(weight));
  }

  const std::string& file_;
  const std::span<const std::byte> data_;
  Safetensors content_;
  At at_ = At::start;
  std::string name_, key_;
  const StoredType* type_ = nullptr;
  bool has_shape_ = false, has_offsets_ = false;
  std::vector<std::int64_t> numbers_, shape_, offsets_;
};

/// All bytes belong to one tensor: the format leaves no room to hide others.
void requireCovered(const std::string& file, std::span<const std::byte> data, const Safetensors& content) {
  struct Range {
    std::int64_t begin, end;
    const std::string* name;
  };
  std::vector<Range> ranges;
  for (const auto& [name, weight] : content.weights)
    ranges.push_back({weight.data - data.data(), weight.data - data.data() + weight.bytes, &name});
  std::sort(ranges.begin(), ranges.end(),
            [](auto& l, auto& r) { return std::tie(l.begin, l.end) < std::tie(r.begin, r.end); });
  std::int64_t reached = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (ranges[i].begin < reached)
      throw Error(file, "tensors " + shown(*ranges[i - 1].name) + " and " + shown(*ranges[i].name) + " overlap",
                  "each byte belongs to one tensor", advice);
    if (ranges[i].begin > reached)
      throw Error(file, "no tensor has bytes " + std::to_string(reached) + " to " + std::to_string(ranges[i].begin),
                  "each byte belongs to one tensor", advice);
    reached = ranges[i].end;
  }
  if (static_cast<std::uint64_t>(reached) < data.size())
    throw Error(file, std::to_string(data.size() - reached) + " bytes follow the last tensor",
                "each byte belongs to one tensor", advice);
}

}  // namespace

Safetensors parseSafetensors(const std::string& file, std::span<const std::byte> bytes) {
  std::uint64_t length = 0;
  if (bytes.size() < sizeof(length))
    throw Error(file, "it has " + std::to_string(bytes.size()) + " bytes", "the header's length alone takes 8", advice);
  std::memcpy(&length, bytes.data(), sizeof(length));
  bytes = bytes.subspan(sizeof(length));
  if (length > most_header)
    throw Error(file, "its header has " + std::to_string(length) + " bytes",
                "at most " + std::to_string(most_header) + " are read", advice);
  if (length > bytes.size())
    throw Error(file, "its header has " + std::to_string(length) + " bytes",
                "the file has " + std::to_string(bytes.size()) + " after the length", advice);
  // A copy, so that a writer at the same time cannot change what was checked.
  const std::string header(reinterpret_cast<const char*>(bytes.data()), length);
  if (!header.starts_with('{'))
    throw Error(file, "its header begins without a brace", "it must be a JSON object", advice);
  HeaderReader reader(file, bytes.subspan(length));
  readJson(file, header, reader);
  Safetensors content = reader.take();
  requireCovered(file, bytes.subspan(length), content);
  return content;
}

}  // namespace heed
