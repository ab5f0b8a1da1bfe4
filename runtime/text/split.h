// How a normalized text is cut into the pieces that the model sees one by one (the file's "pre_tokenizer").
//
// Invariant: each step cuts further what those before it made; none joins pieces.
// Read tests/runtime/text/split_test.cpp.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "heed/runtime/text/file.h"
#include "heed/runtime/text/pieces.h"

namespace heed::tokens {

class Splitter {
 public:
  /// Adds the pieces of one piece; `first`: the user's text begins with it.
  using Step = std::function<void(std::string_view piece, bool first, Pieces& pieces)>;

  /// Throws heed::Error for a type that is not known.
  static Splitter read(Fields& file);

  Pieces operator()(std::string_view text, bool first) const;

 private:
  void add(Fields fields);
  void addByteLevel(Fields& fields);
  void addMetaspace(Fields& fields);
  void addSplit(Fields& fields);

  std::vector<Step> steps_;
};

}  // namespace heed::tokens
