// Tokens that are found in a text before anything else is done to it: special ones, and those a model was given later.
//
// Invariant: of those that match at the leftmost place the longest counts, as it is written in the file.
// Read tests/runtime/text/added_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "heed/runtime/text/file.h"
#include "heed/runtime/text/normalize.h"
#include "heed/runtime/text/vocabulary.h"

namespace heed::tokens {

struct AddedToken {
  std::string text;
  std::int32_t id;
  bool single_word, strip_left, strip_right, normalized, special;
};

class AddedTokens {
 public:
  AddedTokens() = default;
  /// Of the file's "added_tokens". Throws heed::Error where ids contradict the model's vocabulary or one another.
  AddedTokens(const std::string& name, Fields& file, const Vocabulary& model, const Normalizer& normalizer);

  using OnText = std::function<void(std::string_view text, std::size_t at)>;
  using OnToken = std::function<void(std::int32_t id)>;
  /// The text in order: its added tokens, and what is between them. Those with `normalized` are found in text that is,
  /// those without in text as the user wrote it. Special tokens are text unless `special`.
  void find(std::string_view text, bool normalized, bool special, const OnText& onText, const OnToken& onToken) const;

  /// Null if no added token has this id, or this text.
  const AddedToken* at(std::int32_t id) const;
  const AddedToken* at(std::string_view text) const;
  std::int32_t size() const { return by_id_.size(); }

 private:
  using Listed = std::vector<std::pair<std::string, std::int32_t>>;
  struct Search {
    Vocabulary tokens;                  // ids are places in tokens_
    std::array<bool, 256> begins = {};  // by first byte
  };
  static Search searchOf(const std::string& name, const Listed& listed);

  std::vector<AddedToken> tokens_;
  Vocabulary by_id_;                  // texts and ids as in the file
  std::vector<std::int32_t> places_;  // in tokens_, by id; -1 for none
  Search raw_, normalized_;
};

}  // namespace heed::tokens
