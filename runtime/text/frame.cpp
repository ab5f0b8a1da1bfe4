// The published post-processors. Of a template only "single" is used: a text is encoded by itself.
//
// Invariant: in a sequence the later processor's tokens stand outside.
// Read tests/runtime/text/tokenizer_test.cpp.
#include "heed/runtime/text/frame.h"

#include "heed/runtime/weights/names.h"

namespace heed::tokens {
namespace {

constexpr std::size_t most = 64;

class FrameReader {
 public:
  explicit FrameReader(std::int32_t size) : size_(size) {}
  Frame take() { return std::move(frame_); }

  void add(Fields fields) {
    const std::string type = fields.text("type");
    if (type == "Sequence") {
      for (std::size_t i = 0; i < fields.list("processors").size(); ++i) add(fields.object("processors", i));
    } else if (type == "TemplateProcessing") {
      addTemplate(fields);
    } else if (type == "BertProcessing" || type == "RobertaProcessing") {
      put({pairOf(fields, "cls")}, {pairOf(fields, "sep")});
      fields.find("trim_offsets");
      fields.find("add_prefix_space");
    } else if (type == "ByteLevel") {
      // It trims offsets, which are not kept here.
      for (const char* key : {"add_prefix_space", "trim_offsets", "use_regex"}) fields.find(key);
    } else {
      fields.fail("its type is " + shown(type),
                  "TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel and Sequence are known",
                  "take another model");
    }
    fields.done();
  }

 private:
  void put(std::vector<std::int32_t> before, const std::vector<std::int32_t>& after) {
    before.insert(before.end(), frame_.before.begin(), frame_.before.end());
    frame_.before = std::move(before);
    frame_.after.insert(frame_.after.end(), after.begin(), after.end());
  }

  std::int32_t checked(const Fields& fields, const Value& value) const {
    const std::string& text = value.text;
    const bool whole = value.kind == Value::Kind::number && !text.empty() && text.size() < 8 &&
                       text.find_first_not_of("0123456789") == std::string::npos;
    if (!whole || std::stoi(text) >= size_)
      fields.fail("it has id " + value.shown(), "ids are whole numbers below " + std::to_string(size_));
    return std::stoi(text);
  }

  /// ["[SEP]", 102]
  std::int32_t pairOf(Fields& fields, const char* key) const {
    const auto& pair = fields.list(key);
    if (pair.size() != 2)
      fields.fail(std::string(key) + " is a list of " + std::to_string(pair.size()), "a token and its id are required");
    return checked(fields, pair[1]);
  }

  void addTemplate(Fields& fields) {
    Fields tokens = fields.object("special_tokens");
    if (const std::size_t pieces = fields.list("single").size(); pieces > most)
      fields.fail("single has " + std::to_string(pieces) + " pieces", "at most " + std::to_string(most) + " are read");
    std::vector<std::int32_t> sides[2];
    bool seen = false;
    for (std::size_t i = 0; i < fields.list("single").size(); ++i) {
      Fields piece = fields.object("single", i);
      if (piece.find("Sequence")) {
        if (seen) piece.fail("it is a second Sequence", "the text stands in a template once");
        seen = true;
      } else {
        const std::string name = piece.object("SpecialToken").text("id");
        Fields token = tokens.object(name);
        const auto& ids = token.list("ids");
        if (ids.size() > most)
          token.fail("ids has " + std::to_string(ids.size()), "at most " + std::to_string(most) + " are read");
        for (const Value& id : ids) sides[seen].push_back(checked(token, id));
      }
      piece.done();
    }
    if (!seen) fields.fail("single has no Sequence", "the text must stand in it");
    put(std::move(sides[0]), sides[1]);
    fields.find("pair");
  }

  std::int32_t size_;
  Frame frame_;
};

}  // namespace

Frame Frame::read(Fields& file, std::int32_t size) {
  FrameReader reader(size);
  if (file.find("post_processor")) reader.add(file.object("post_processor"));
  return reader.take();
}

}  // namespace heed::tokens
