// Tokens and their ids, each found by the other.
//
// Invariant: a search takes logarithmic time whatever the tokens are; there is no hash to collide in.
// Read tests/runtime/text/model_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heed::tokens {

class Vocabulary {
 public:
  struct Match {
    std::int32_t id;
    std::size_t length;  // of the text, in bytes
  };

  Vocabulary() = default;
  /// Ids need not be dense. If a token is there twice the first counts. Throws heed::Error in the name of `file` if an
  /// id is.
  Vocabulary(const std::string& file, const std::vector<std::pair<std::string, std::int32_t>>& tokens);

  std::optional<std::int32_t> find(std::string_view token) const;
  /// The longest token that is `prefix` and then a beginning of `text` of at least one byte.
  std::optional<Match> longest(std::string_view prefix, std::string_view text) const;
  /// Null if no token has this id.
  std::optional<std::string_view> token(std::int32_t id) const;
  /// One more than the largest id.
  std::int32_t size() const { return static_cast<std::int32_t>(places_.size()); }

 private:
  struct Place {
    std::uint32_t begin = 0, size = absent;
  };
  struct Entry {
    std::uint64_t head;  // the first eight bytes, the first the highest, for most comparisons
    std::int32_t id;
  };
  static constexpr std::uint32_t absent = -1;

  std::string_view at(std::int32_t id) const {
    return std::string_view(text_).substr(places_[id].begin, places_[id].size);
  }
  /// Of the entries of [low, high), which agree in their first `depth` bytes, those that go on with `byte`.
  void narrow(std::size_t& low, std::size_t& high, std::size_t depth, unsigned char byte) const;

  std::string text_;
  std::vector<Place> places_;   // by id
  std::vector<Entry> entries_;  // by token
};

}  // namespace heed::tokens
