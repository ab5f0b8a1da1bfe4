// WordPiece: the longest token that the word begins with, then the longest of what is left.
//
// Invariant: a word is all its pieces, or the one unknown token.
// Read tests/runtime/text/model_test.cpp.
#include "heed/runtime/text/model.h"
#include "heed/runtime/text/unicode.h"
#include "heed/runtime/weights/names.h"

namespace heed::tokens {
namespace {

class WordPiece : public Model {
 public:
  WordPiece(Vocabulary vocabulary, std::string continuing, std::size_t most, std::int32_t unknown)
      : Model(std::move(vocabulary)), continuing_(std::move(continuing)), most_(most), unknown_(unknown) {}

  void encode(std::string_view word, std::vector<std::int32_t>& ids) const override {
    const std::size_t begin = ids.size();
    bool known = characters(word) <= most_;
    for (std::size_t at = 0; known && at < word.size();) {
      const auto match = vocabulary().longest(at == 0 ? "" : continuing_, word.substr(at));
      known = match.has_value();
      if (!known) break;
      ids.push_back(match->id);
      at += match->length;
    }
    if (known) return;
    ids.resize(begin);
    ids.push_back(unknown_);
  }

 private:
  static std::size_t characters(std::string_view word) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < word.size(); ++count) next(word, at);
    return count;
  }

  std::string continuing_;
  std::size_t most_;
  std::int32_t unknown_;
};

}  // namespace

std::unique_ptr<Model> readWordPiece(const std::string& name, const File& file, Fields& fields) {
  const std::string unknown = fields.text("unk_token");
  std::string continuing = fields.text("continuing_subword_prefix");
  const std::int32_t most = fields.whole("max_input_chars_per_word");
  fields.done();
  Vocabulary vocabulary(name, file.vocab);
  const auto id = vocabulary.find(unknown);
  if (!id) fields.fail("unk_token is " + shown(unknown), "it must be in the vocabulary");
  return std::make_unique<WordPiece>(std::move(vocabulary), std::move(continuing), most, *id);
}

}  // namespace heed::tokens
