// The published decoders.
//
// Invariant: after Fuse only the begin of the whole text can be changed.
// Read tests/runtime/text/decoding_test.cpp.
#include "heed/runtime/text/decoding.h"

#include "heed/runtime/error.h"
#include "heed/runtime/text/byte_level.h"
#include "heed/runtime/text/normalize.h"
#include "heed/runtime/weights/names.h"

namespace heed::tokens {
namespace {

constexpr std::size_t most_bytes = 1 << 20;

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/// "<0x0A>" is the byte 10; any other token is itself.
std::string byteOrToken(std::string token, bool) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return token;
  const int high = digit(token[3]), low = digit(token[4]);
  return high < 0 || low < 0 ? token : std::string(1, static_cast<char>(high << 4 | low));
}

/// What the BERT code undoes of its own spaces, in the published order.
std::string withoutSpaces(std::string token) {
  static constexpr const char* rules[][2] = {{" .", "."},   {" ?", "?"},     {" !", "!"},    {" ,", ","},
                                             {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},  {" do not", " don't"},
                                             {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& [from, to] : rules) token = replaced(token, from, to);
  return token;
}

}  // namespace

Decoding Decoding::read(Fields& file) {
  Decoding decoding;
  if (file.find("decoder"))
    decoding.add(file.object("decoder"));
  else
    decoding.steps_.push_back([](std::string token, bool first) { return first ? token : " " + token; });
  return decoding;
}

std::string Decoding::operator()(std::string_view token, bool added, bool first) const {
  std::string bytes(token);
  for (const Step& step : steps_) {
    bytes = step(std::move(bytes), first);
    if (bytes.size() > most_bytes)
      throw Error("the decoder", "it makes " + std::to_string(bytes.size()) + " bytes of one token",
                  "at most " + std::to_string(most_bytes) + " may become of one", "its file is not one to trust");
  }
  // A token that has another character is not in these letters: it is itself.
  if (letters_ && !added) return bytesOfLetters(bytes).value_or(bytes);
  return bytes;
}

void Decoding::add(Fields fields) {
  const std::string type = fields.text("type");
  if (fused_ && type != "Strip" && type != "Fuse")
    fields.fail("it is a " + shown(type) + " after Fuse", "only a Strip is known there", "take another model");
  if (type == "Sequence") {
    for (std::size_t i = 0; i < fields.list("decoders").size(); ++i) add(fields.object("decoders", i));
  } else if (type == "ByteLevel") {
    for (const char* key : {"add_prefix_space", "trim_offsets", "use_regex"}) fields.find(key);
    letters_ = fused_ = true;
  } else if (type == "ByteFallback") {
    steps_.push_back(byteOrToken);
  } else if (type == "Fuse") {
    fused_ = true;
  } else if (type == "Strip") {
    addStrip(fields);
  } else if (type == "Replace") {
    steps_.push_back([from = literal(fields.object("pattern")), to = replacement(fields)](std::string token, bool) {
      return replaced(token, from, to);
    });
  } else if (type == "Metaspace") {
    const bool never = fields.text("prepend_scheme", "always") == "never" || !fields.flag("add_prefix_space", true);
    for (const char* key : {"str_rep", "split"}) fields.find(key);
    steps_.push_back([never, mark = fields.text("replacement")](std::string token, bool first) {
      return replaced(token, mark, first && !never ? "" : " ");
    });
  } else if (type == "WordPiece") {
    steps_.push_back([mark = fields.text("prefix"), clean = fields.flag("cleanup")](std::string token, bool first) {
      if (!first) token = token.starts_with(mark) ? token.substr(mark.size()) : " " + token;
      return clean ? withoutSpaces(std::move(token)) : token;
    });
  } else {
    fields.fail("its type is " + shown(type),
                "ByteLevel, WordPiece, Metaspace, Replace, ByteFallback, Fuse, Strip and Sequence are known",
                "take another model");
  }
  fields.done();
}

void Decoding::addStrip(Fields& fields) {
  const std::string content = fields.text("content");
  const std::int32_t start = fields.whole("start"), stop = fields.whole("stop");
  if (!fused_ || stop != 0 || strip != 0 || content.empty())
    fields.fail(
        "start is " + std::to_string(start) + ", stop is " + std::to_string(stop) + (fused_ ? "" : ", before Fuse"),
        "one Strip of what the text begins with, after Fuse, is known", "take another model");
  strip = static_cast<std::size_t>(start);
  stripped = content;
}

}  // namespace heed::tokens
