// Writing a header.
//
// Invariant: what is written can be read: the header passes its own reader before anybody sees it.
// Read tests/runtime/weights/save_test.cpp.
#include <algorithm>
#include <cstring>

#include "heed/runtime/error.h"
#include "heed/runtime/weights/json.h"
#include "heed/runtime/weights/safetensors.h"

namespace heed {
namespace {

/// Listens to nothing: readJson() itself finds names that are not UTF-8.
struct Silence : JsonEvents {
  void object() override {}
  void list() override {}
  void end() override {}
  void key(const std::string&) override {}
  void string(const std::string&) override {}
  void whole(std::uint64_t) override {}
  void other(const std::string&) override {}
};

std::string numbers(std::span<const std::int64_t> values) {
  std::string text = "[";
  for (std::int64_t n : values) text += (text.size() == 1 ? "" : ",") + std::to_string(n);
  return text + "]";
}

}  // namespace

SafetensorsHeader formatSafetensors(const std::string& file, const Safetensors& content) {
  std::vector<std::pair<const std::string*, const Weight*>> order;
  for (const auto& [name, weight] : content.weights) order.emplace_back(&name, &weight);
  std::stable_sort(order.begin(), order.end(),
                   [](auto& l, auto& r) { return l.second->type->bits > r.second->type->bits; });

  SafetensorsHeader header;
  std::string json = "{", comma;
  if (!content.metadata.empty()) {
    std::string pairs;
    for (const auto& [key, value] : content.metadata)
      pairs += (pairs.empty() ? "" : ",") + jsonString(key) + ":" + jsonString(value);
    json += "\"__metadata__\":{" + pairs + "}";
    comma = ",";
  }
  std::int64_t at = 0;
  for (const auto& [name, weight] : order) {
    if (*name == "__metadata__")
      throw Error(file, "a tensor is named __metadata__", "the format keeps that name for itself", "rename it");
    const std::int64_t offsets[] = {at, at + weight->bytes};
    json += comma + jsonString(*name) + ":{\"dtype\":\"" + std::string(weight->type->name) +
            "\",\"shape\":" + numbers(weight->shape) + ",\"data_offsets\":" + numbers(offsets) + "}";
    at += weight->bytes;
    comma = ",";
    header.order.push_back(weight);
  }
  json += "}";
  Silence silence;
  readJson(file, json, silence);

  std::uint64_t length = json.size();
  length += (data_alignment - (length + sizeof(length)) % data_alignment) % data_alignment;
  if (length > most_header)
    throw Error(file, "its header takes " + std::to_string(length) + " bytes",
                "at most " + std::to_string(most_header) + " can be read", "use several files");
  json.resize(length, ' ');
  header.bytes.resize(sizeof(length));
  std::memcpy(header.bytes.data(), &length, sizeof(length));
  header.bytes += json;
  return header;
}

}  // namespace heed
