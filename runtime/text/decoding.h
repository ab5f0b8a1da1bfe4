// From tokens back to bytes (the file's "decoder").
//
// Invariant: a token's bytes depend on it alone, on whether it is an added one, and on whether it is the first; so a
// stream decodes as a whole does.
// Read tests/runtime/text/decoding_test.cpp.
//
// Two results differ from the published library's: of bytes that are not UTF-8 the wrong ones become U+FFFD, not their
// whole run, which a stream could not know; an added token is spelled as the file has it, not as it was normalized.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "heed/runtime/text/file.h"

namespace heed::tokens {

class Decoding {
 public:
  /// Throws heed::Error for a type that is not known, or an order of steps that no model uses.
  static Decoding read(Fields& file);

  /// The token's bytes; only those of all tokens together are UTF-8. An added token is spelled as text, not in the
  /// letters of a byte-level vocabulary. Throws heed::Error if steps multiply it.
  std::string operator()(std::string_view token, bool added, bool first) const;
  /// Once for all bytes: as many of `stripped` as this are left out where the text begins.
  std::size_t strip = 0;
  std::string stripped;

 private:
  using Step = std::function<std::string(std::string token, bool first)>;
  void add(Fields fields);
  void addStrip(Fields& fields);

  std::vector<Step> steps_;
  bool fused_ = false, letters_ = false;
};

}  // namespace heed::tokens
