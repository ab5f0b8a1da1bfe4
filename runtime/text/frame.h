// The special tokens that a model expects around a text, as [CLS] and [SEP] (the file's "post_processor").
//
// Invariant: the ids of the text itself are never changed.
// Read tests/runtime/text/tokenizer_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "heed/runtime/text/file.h"

namespace heed::tokens {

struct Frame {
  std::vector<std::int32_t> before, after;

  /// Throws heed::Error for a type that is not known, and for an id that is not below `size`.
  static Frame read(Fields& file, std::int32_t size);
};

}  // namespace heed::tokens
