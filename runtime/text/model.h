// From a piece of text to ids: byte-pair encoding (Sennrich et al., arXiv:1508.07909) and WordPiece
// (Schuster and Nakajima, Japanese and Korean voice search, 2012; Devlin et al., arXiv:1810.04805).
//
// Invariant: a model does not change once it is read; time is O(n log n) in the bytes of a piece.
// Read tests/runtime/text/model_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "heed/runtime/text/file.h"
#include "heed/runtime/text/vocabulary.h"

namespace heed::tokens {

class Model {
 public:
  explicit Model(Vocabulary vocabulary) : vocabulary_(std::move(vocabulary)) {}
  virtual ~Model() = default;
  /// Appends the ids of one piece; `piece` is UTF-8.
  virtual void encode(std::string_view piece, std::vector<std::int32_t>& ids) const = 0;
  const Vocabulary& vocabulary() const { return vocabulary_; }

 private:
  Vocabulary vocabulary_;
};

/// The model that `fields`, the file's "model", describes. Throws heed::Error.
std::unique_ptr<Model> readModel(const std::string& name, const File& file, Fields fields);
std::unique_ptr<Model> readBpe(const std::string& name, const File& file, Fields& fields);
std::unique_ptr<Model> readWordPiece(const std::string& name, const File& file, Fields& fields);

}  // namespace heed::tokens
