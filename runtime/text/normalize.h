// What is done to a text before it is split: normal forms, case, accents, the marks that stand for spaces.
//
// Invariant: steps are applied in the file's order, each to the whole of what those before it made.
// Read tests/runtime/text/normalize_test.cpp.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "heed/runtime/text/file.h"

namespace heed::tokens {

class Normalizer {
 public:
  using Step = std::function<std::string(const std::string&)>;

  /// Of the file's "normalizer", if it has one. Throws heed::Error for a type that is not known.
  static Normalizer read(Fields& file);

  /// Throws heed::Error if steps multiply the text: by 64, when a published one takes 11 at most (NFKC of U+FDFA).
  std::string operator()(std::string text) const;

 private:
  void add(Fields fields);
  void addBert(Fields& fields);

  std::vector<Step> steps_;
};

/// The content of a "Replace", at most 64 bytes.
std::string replacement(Fields& replace);
/// The text with `to` for each `from`, which is not empty, from left to right.
std::string replaced(std::string_view text, std::string_view from, std::string_view to);
/// The text of a pattern {"String": text}; an error if it is a regular expression.
std::string literal(Fields pattern);

}  // namespace heed::tokens
