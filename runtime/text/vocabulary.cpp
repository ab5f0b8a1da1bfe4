// A sorted array that is searched as if it were a trie.
//
// Invariant: entries are sorted as unsigned bytes, so that a token stands before all that begin with it.
// Read tests/runtime/text/model_test.cpp.
#include "heed/runtime/text/vocabulary.h"

#include <algorithm>

#include "heed/runtime/error.h"
#include "heed/runtime/text/file.h"
#include "heed/runtime/weights/names.h"

namespace heed::tokens {
namespace {

std::uint64_t headOf(std::string_view token) {
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < 8; ++i) head = head << 8 | (i < token.size() ? static_cast<unsigned char>(token[i]) : 0);
  return head;
}

}  // namespace

Vocabulary::Vocabulary(const std::string& file, const std::vector<std::pair<std::string, std::int32_t>>& tokens) {
  std::int32_t size = 0;
  std::size_t bytes = 0;
  for (const auto& [token, id] : tokens) size = std::max(size, id + 1), bytes += token.size();
  places_.resize(static_cast<std::size_t>(size));
  text_.reserve(bytes);
  entries_.reserve(tokens.size());
  for (const auto& [token, id] : tokens) {
    if (places_[id].size != absent)
      throw Error(file, "tokens " + shown(at(id)) + " and " + shown(token) + " both have id " + std::to_string(id),
                  "an id is of one token", damaged);
    places_[id] = {static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(token.size())};
    text_ += token;
    entries_.push_back({headOf(token), id});
  }
  std::stable_sort(entries_.begin(), entries_.end(), [this](const Entry& l, const Entry& r) {
    return l.head != r.head ? l.head < r.head : at(l.id) < at(r.id);
  });
}

std::optional<std::int32_t> Vocabulary::find(std::string_view token) const {
  const std::uint64_t head = headOf(token);
  const auto entry = std::partition_point(entries_.begin(), entries_.end(), [&](const Entry& e) {
    return e.head != head ? e.head < head : at(e.id) < token;
  });
  if (entry == entries_.end() || at(entry->id) != token) return {};
  return entry->id;
}

void Vocabulary::narrow(std::size_t& low, std::size_t& high, std::size_t depth, unsigned char byte) const {
  // -1 where a token ends: before every byte.
  const auto next = [&](const Entry& e) {
    const std::string_view token = at(e.id);
    return depth < token.size() ? static_cast<unsigned char>(token[depth]) : -1;
  };
  const auto begin = entries_.begin() + static_cast<std::ptrdiff_t>(low);
  const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(high);
  const auto first = std::partition_point(begin, end, [&](const Entry& e) { return next(e) < byte; });
  const auto last = std::partition_point(first, end, [&](const Entry& e) { return next(e) == byte; });
  low = static_cast<std::size_t>(first - entries_.begin());
  high = static_cast<std::size_t>(last - entries_.begin());
}

std::optional<Vocabulary::Match> Vocabulary::longest(std::string_view prefix, std::string_view text) const {
  std::size_t low = 0, high = entries_.size(), depth = 0;
  std::optional<Match> found;
  for (char c : prefix) narrow(low, high, depth++, static_cast<unsigned char>(c));
  for (std::size_t length = 0; length < text.size() && low < high;) {
    narrow(low, high, depth++, static_cast<unsigned char>(text[length++]));
    if (low < high && at(entries_[low].id).size() == depth) found = {entries_[low].id, length};
  }
  return found;
}

std::optional<std::string_view> Vocabulary::token(std::int32_t id) const {
  if (id < 0 || id >= size() || places_[id].size == absent) return {};
  return at(id);
}

}  // namespace heed::tokens
