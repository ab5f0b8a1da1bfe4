// Parts of a tensor are ranges of its bytes. Read tests/runtime/weights/rearrange_test.cpp.
#include "heed/runtime/weights/rearrange.h"

#include <charconv>
#include <cstring>
#include <map>

#include "heed/runtime/error.h"

namespace heed {
namespace {

Weights withoutTensors(const Weights& weights) {
  Weights rest;
  rest.metadata = weights.metadata;
  rest.source = weights.source;
  return rest;
}

std::string filled(const std::string& to, const std::vector<std::string_view>& stars) {
  std::string name;
  std::size_t next = 0;
  for (char c : to)
    if (c == '*' && next < stars.size())
      name += stars[next++];
    else
      name += c;
  return name;
}

/// The tensors of one stack as one.
Weight joined(const std::string& what, const std::vector<const Weight*>& parts) {
  Weight all = *parts[0];
  all.shape.insert(all.shape.begin(), std::int64_t(parts.size()));
  bool adjacent = true;
  for (std::size_t n = 0; n < parts.size(); ++n) {
    if (parts[n]->type != parts[0]->type || parts[n]->shape != parts[0]->shape)
      throw Error(what, "number " + std::to_string(n) + " is " + toString(*parts[n]),
                  "number 0 is " + toString(*parts[0]), "tensors of one stack are of one shape and type");
    adjacent = adjacent && parts[n]->memory == all.memory && parts[n]->data == all.data + std::int64_t(n) * all.bytes;
  }
  const std::int64_t each = all.bytes;
  if (__builtin_mul_overflow(each, std::int64_t(parts.size()), &all.bytes))
    throw Error(what, std::to_string(parts.size()) + " of " + toString(*parts[0]), "63 bits count the bytes");
  if (adjacent) return all;
  const std::shared_ptr<void> copy = alignedMemory(all.bytes);
  for (std::size_t n = 0; n < parts.size(); ++n)
    if (each > 0)
      std::memcpy(static_cast<std::byte*>(copy.get()) + std::int64_t(n) * each, parts[n]->data, std::size_t(each));
  all.data = static_cast<const std::byte*>(copy.get());
  all.memory = copy;
  return all;
}

}  // namespace

Weights split(const Weights& weights, const Pattern& pattern,
              const std::vector<std::pair<std::string, std::int64_t>>& parts) {
  Weights result = withoutTensors(weights);
  std::int64_t sum = 0;
  for (const auto& [name, rows] : parts)
    if (rows < 0 || __builtin_add_overflow(sum, rows, &sum))
      throw Error("split", shown(name) + " of " + std::to_string(rows) + " rows", "rows are counted from 0 to 2^63");
  for (const auto& [name, whole] : weights) {
    const auto stars = match(pattern, name);
    if (!stars) {
      result.add(name, whole);
      continue;
    }
    if (whole.shape.empty() || whole.shape[0] != sum || whole.type->bits % 8)
      throw Error(weights.source + ": " + shown(name), "it is " + toString(whole),
                  "its parts have " + std::to_string(sum) + " rows, of whole bytes", "check the sizes of the model");
    std::int64_t begin = 0;
    for (const auto& [to, rows] : parts) {
      Weight part = whole;
      part.shape[0] = rows;
      part.bytes = sum ? whole.bytes / sum * rows : 0;
      part.data = whole.data + begin;
      begin += part.bytes;
      result.add(filled(to, *stars), std::move(part));
    }
  }
  return result;
}

Weights stack(const Weights& weights, const Pattern& pattern, const std::string& to) {
  Weights result = withoutTensors(weights);
  std::map<std::string, std::map<std::size_t, const Weight*>> stacks;
  for (const auto& [name, weight] : weights) {
    auto stars = match(pattern, name);
    std::size_t number = 0;
    if (stars && !stars->empty()) {
      const std::string_view digits = stars->back();
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
      if (error != std::errc() || end != digits.data() + digits.size()) stars.reset();
    }
    if (!stars || stars->empty()) {
      result.add(name, weight);
      continue;
    }
    stars->pop_back();
    if (!stacks[filled(to, *stars)].emplace(number, &weight).second)
      throw Error(weights.source + ": " + shown(name), "number " + std::to_string(number) + " is there already",
                  "each number comes once");
  }
  for (const auto& [name, members] : stacks) {
    std::vector<const Weight*> parts;
    for (const auto& [number, weight] : members) {
      if (number != parts.size())
        throw Error(weights.source + ": " + shown(name), "number " + std::to_string(parts.size()) + " is missing",
                    "a stack is numbered from 0 on", "is a shard missing?");
      parts.push_back(weight);
    }
    result.add(name, joined(weights.source + ": " + shown(name), parts));
  }
  return result;
}

}  // namespace heed
