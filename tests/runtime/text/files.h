// A small tokenizer.json as text, whose parts a test exchanges; and random text.
//
// Invariant: with no part given it is a byte-level BPE without merges, which can say everything.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "axes.h"
#include "heed/runtime/text/byte_level.h"
#include "heed/runtime/text/tokenizer.h"
#include "heed/runtime/text/unicode.h"
#include "heed/runtime/weights/json.h"

namespace heed::testing {

/// {"token":0,...}: the letters of all bytes, then these.
inline std::string letterVocab(const std::vector<std::string>& more = {}) {
  std::string json = "{";
  int id = 0;
  for (char32_t letter : tokens::byte_letters)
    json += jsonString(tokens::utf8(letter)) + ":" + std::to_string(id++) + ",";
  for (const std::string& token : more) json += jsonString(token) + ":" + std::to_string(id++) + ",";
  json.back() = '}';
  return json;
}

inline std::string bpe(const std::string& vocab, const std::string& merges = "[]", const std::string& options = "") {
  return R"({"type":"BPE","vocab":)" + vocab + R"(,"merges":)" + merges + options + "}";
}

struct Json {
  std::string model = bpe(letterVocab()), added = "[]", normalizer = "null";
  std::string pre_tokenizer = R"({"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true})";
  std::string post_processor = "null", decoder = R"({"type":"ByteLevel"})", more = "";

  std::string text() const {
    return R"({"version":"1.0","truncation":null,"padding":null,"added_tokens":)" + added + R"(,"normalizer":)" +
           normalizer + R"(,"pre_tokenizer":)" + pre_tokenizer + R"(,"post_processor":)" + post_processor +
           R"(,"decoder":)" + decoder + R"(,"model":)" + model + more + "}";
  }
  Tokenizer load() const { return Tokenizer::parse("f", text()); }
  /// What loading says; empty if it is a tokenizer.
  std::string verdict() const {
    return errorOf([&] { load(); });
  }
};

/// {"id":3,"content":"<s>",...}
inline std::string added(int id, const std::string& content, const std::string& true_flags = "special") {
  std::string json = R"({"id":)" + std::to_string(id) + R"(,"content":)" + jsonString(content);
  for (const char* flag : {"single_word", "lstrip", "rstrip", "normalized", "special"})
    json += ",\"" + std::string(flag) + "\":" + (true_flags.find(flag) != std::string::npos ? "true" : "false");
  return json + "}";
}

/// The tokens of a text, as the vocabulary spells them, with a bar between.
inline std::string spelled(const Tokenizer& tokenizer, std::string_view text, const EncodeOptions& options = {}) {
  std::string all;
  for (std::int32_t id : tokenizer.encode(text, options))
    all += (all.empty() ? "" : "|") + std::string(*tokenizer.token(id));
  return all;
}

/// Random code points, of ASCII, spaces, the first plane and all planes alike.
inline std::string randomText(std::mt19937& random, int most = 40) {
  std::string text;
  for (int n = static_cast<int>(random() % (most + 1)); n > 0; --n) {
    static constexpr char32_t limits[] = {0x80, 0x300, 0x10000, 0x110000};
    char32_t c = random() % limits[random() % 4];
    if (random() % 4 == 0) c = U" \n\t\r'"[random() % 5];
    tokens::append(text, c >= 0xd800 && c < 0xe000 ? U'x' : c);
  }
  return text;
}

}  // namespace heed::testing
