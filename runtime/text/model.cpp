// Which model a file has. Old files do not name it: merges make it a BPE, a limit of characters a WordPiece.
//
// Invariant: every option of the model is known, or the file is refused.
// Read tests/runtime/text/malformed_test.cpp.
#include "heed/runtime/text/model.h"

namespace heed::tokens {

std::unique_ptr<Model> readModel(const std::string& name, const File& file, Fields fields) {
  const bool bpe = fields.find("merges"), pieces = fields.find("max_input_chars_per_word");
  const std::string type = fields.text("type", bpe ? "BPE" : pieces ? "WordPiece" : "nothing");
  const Value* vocab = fields.find("vocab");
  if (!vocab || vocab->kind != Value::Kind::object)
    fields.fail("vocab is " + (vocab ? vocab->shown() : "not there"), "a map from tokens to ids is required");
  if (type == "BPE") return readBpe(name, file, fields);
  if (type == "WordPiece") return readWordPiece(name, file, fields);
  fields.fail("its type is " + type, "BPE and WordPiece are known",
              "convert it with the library that it was made by, or take another model");
}

}  // namespace heed::tokens
