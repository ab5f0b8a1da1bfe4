// The regular expressions by which published byte-level tokenisers split a text, each as a scanner.
//
// Invariant: a scanner takes what the expression would match at the beginning of the text, at least one character; the
// expressions match at every place, so that the matches are all of the text.
// Read tests/runtime/text/patterns_test.cpp.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace heed::tokens {

struct Pattern {
  const char* name;  // after the model that published it
  const char* expression;
  /// The bytes of the first match; `text` is not empty.
  std::size_t (*scan)(std::string_view text);
};

extern const Pattern gpt2_pattern;
std::span<const Pattern* const> patterns();

}  // namespace heed::tokens
