// Hostile files: each is refused with a message, or is a tokenizer in all respects.
#include <gtest/gtest.h>

#include "files.h"
#include "heed/runtime/text/file.h"
#include "malformed_rows.h"

namespace heed::testing {
namespace {

/// What reading the bytes as "f" says. A tokenizer that comes of them must work.
std::string verdict(const std::string& json) {
  return errorOf([&] {
    // Memory of exactly this size, for a sanitizer to guard.
    const std::vector<char> exact(json.begin(), json.end());
    const Tokenizer t = Tokenizer::parse("f", {exact.data(), exact.size()});
    try {
      for (std::int32_t id : t.encode("We're in the harbour, <s> 漢字!")) EXPECT_TRUE(id >= 0 && id < t.size()) << json;
      for (std::int32_t id = 0; id < std::min(t.size(), 300); ++id)
        if (t.token(id)) t.decode(std::vector{id});
    } catch (const Error&) {
    }
  });
}

std::string without(std::string message) {
  for (const char* advice : {"; it is damaged, or not a tokenizer.json: get it again",
                             "; it is damaged, or not what its name says: get it again"})
    if (message.ends_with(advice)) message.resize(message.size() - std::string(advice).size());
  return message;
}

TEST(Malformed, eachMistakeHasItsMessage) {
  for (const auto& [part, json, message] : malformed_parts) {
    Json file;
    for (const auto& [name, text] : {std::pair("model", &file.model),
                                     {"added", &file.added},
                                     {"normalizer", &file.normalizer},
                                     {"pre_tokenizer", &file.pre_tokenizer},
                                     {"post_processor", &file.post_processor},
                                     {"decoder", &file.decoder},
                                     {"more", &file.more}})
      if (std::string(name) == part) *text = json;
    EXPECT_EQ(without(verdict(file.text())), std::string("f: ") + message) << json;
  }
}

/// One of every part.
std::string good() {
  return Json{.model = bpe(R"({"a":0,"b":1,"ab":2,"Ġ":3,"?":4,"Ġa":6})", R"(["a b",["Ġ","a"]])",
                           R"(,"unk_token":"?","fuse_unk":true)"),
              .added = "[" + added(5, "<s>") + "]",
              .normalizer = R"({"type":"Sequence","normalizers":[{"type":"NFC"},
                               {"type":"Replace","pattern":{"String":"x"},"content":"a"}]})",
              .post_processor = R"({"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"s","type_id":0}},
                                   {"Sequence":{"id":"A","type_id":0}}],"pair":[],
                                   "special_tokens":{"s":{"id":"s","ids":[5],"tokens":["<s>"]}}})"}
      .text();
}

TEST(Malformed, theGoodFileIsGood) { EXPECT_EQ(verdict(good()), ""); }

TEST(Malformed, everyTruncationIsRefused) {
  const std::string file = good();
  for (std::size_t n = 0; n < file.size(); ++n) EXPECT_NE(verdict(file.substr(0, n)), "") << n << " bytes";
}

TEST(Malformed, everyByteLostDoubledOrChanged) {
  const std::string file = good();
  int refused = 0, accepted = 0;
  const auto attempt = [&](const std::string& json) { ++(verdict(json).empty() ? accepted : refused); };
  for (std::size_t i = 0; i < file.size(); ++i) {
    attempt(file.substr(0, i) + file.substr(i + 1));
    attempt(file.substr(0, i) + file[i] + file.substr(i));
    for (char c : {'\0', '"', '\\', '{', '}', '[', ']', ',', ':', '-', '9', ' ', '\n', '\xff'}) {
      std::string json = file;
      json[i] = c;
      attempt(json);
    }
  }
  EXPECT_GT(refused, 5000);
  EXPECT_GT(accepted, 50);  // other spellings of tokens and versions are as good
}

TEST(Malformed, everyValueOfAnotherKind) {
  const std::string file = good();
  int tried = 0;
  for (std::size_t i = file.find(':'); i != std::string::npos; i = file.find(':', i + 1)) {
    std::size_t end = i + 1;
    for (int depth = 0; depth > 0 || (file[end] != ',' && file[end] != '}'); ++end)
      depth += (file[end] == '{' || file[end] == '[') - (file[end] == '}' || file[end] == ']');
    for (const char* value :
         {"null", "true", "-1", "7", "1e9", "18446744073709551615", "\"x\"", "[]", "{}", "[[[]]]"}) {
      verdict(file.substr(0, i + 1) + value + file.substr(end));
      ++tried;
    }
  }
  EXPECT_GT(tried, 300);
}

TEST(Malformed, bombsAreRefusedAtOnce) {
  EXPECT_NE(verdict(std::string(1'000'000, '[')), "");
  std::string list, members, tokens;
  for (int i = 0; i < 1'100'000; ++i) list += i ? ",0" : "0";
  for (int i = 0; i < 2000; ++i) members += (i ? ",\"" : "\"") + std::to_string(i) + "\":0";
  EXPECT_EQ(without(Json{.more = ",\"list\":[" + list + "]"}.verdict()),
            "f: it has more than 1048576 values beside vocabulary and merges; that many are read");
  EXPECT_EQ(without(Json{.more = ",\"m\":{" + members + "}"}.verdict()),
            "f: an object has more than 1024 members; that many are read");
  EXPECT_EQ(without(Json{.model = bpe("{\"" + std::string(5000, 'a') + "\":0}")}.verdict()),
            "f: a token has 5000 bytes; at most 4096 are read");
}

TEST(Malformed, whatIsNoObject) {
  EXPECT_EQ(without(verdict("[{\"vocab\":{}}]")), "f: it is a list; an object is required");
  EXPECT_EQ(without(verdict("5")), "f: it is 5; an object is required");
  EXPECT_EQ(without(verdict("{}")), "f: model is not there; an object is required");
  EXPECT_EQ(without(verdict("")), "f: its JSON has an error at byte 0 of 0: incomplete JSON; JSON is required");
}

}  // namespace
}  // namespace heed::testing
