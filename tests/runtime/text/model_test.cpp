// The models, against themselves done slowly; and the vocabulary they look into.
#include "heed/runtime/text/model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "files.h"

namespace heed::testing {
namespace {

TEST(Vocabulary, theLongestThatATextBeginsWith) {
  const tokens::Vocabulary v("f", {{"a", 0}, {"abc", 1}, {"##a", 2}, {"##ab", 7}, {"é", 4}, {"abcdefghij", 5}});
  EXPECT_EQ(v.size(), 8);
  EXPECT_EQ(v.find("abc"), 1);
  EXPECT_EQ(v.find("ab"), std::nullopt);
  EXPECT_EQ(v.find("abcdefghij"), 5);
  EXPECT_EQ(v.find("abcdefghiz"), std::nullopt);
  EXPECT_EQ(v.token(3), std::nullopt);
  EXPECT_EQ(v.token(-1), std::nullopt);
  EXPECT_EQ(v.longest("", "abcd")->id, 1);
  EXPECT_EQ(v.longest("", "abcdefghijk")->length, 10u);
  EXPECT_EQ(v.longest("", "ab")->id, 0);
  EXPECT_EQ(v.longest("##", "abc")->id, 7);
  EXPECT_FALSE(v.longest("##", "b"));
  EXPECT_FALSE(v.longest("", ""));
}

/// Byte-pair encoding as the paper has it: the best pair of all, merged, again and again.
std::vector<std::string> slowly(std::vector<std::string> symbols,
                                const std::map<std::pair<std::string, std::string>, int>& ranks) {
  for (;;) {
    int best = INT32_MAX;
    std::size_t place = 0;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i)
      if (const auto rank = ranks.find({symbols[i], symbols[i + 1]}); rank != ranks.end() && rank->second < best)
        best = rank->second, place = i;
    if (best == INT32_MAX) return symbols;
    symbols[place] += symbols[place + 1];
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(place) + 1);
  }
}

TEST(Bpe, mergesAsThePaperDoes) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> tokens = {"a", "b", "c"};
    std::map<std::pair<std::string, std::string>, int> ranks;
    std::string vocab = R"({"a":0,"b":1,"c":2)", merges;
    for (int i = 0; i < 12; ++i) {
      const std::string l = tokens[random() % tokens.size()], r = tokens[random() % tokens.size()];
      if (!ranks.emplace(std::pair(l, r), static_cast<int>(ranks.size())).second) continue;
      merges += (merges.empty() ? "\"" : ",\"") + l + " " + r + "\"";
      if (std::find(tokens.begin(), tokens.end(), l + r) != tokens.end()) continue;
      vocab += ",\"" + l + r + "\":" + std::to_string(tokens.size());
      tokens.push_back(l + r);
    }
    const Tokenizer tokenizer =
        Json{.model = bpe(vocab + "}", "[" + merges + "]"), .pre_tokenizer = "null", .decoder = "null"}.load();
    for (int i = 0; i < 20; ++i) {
      std::string text, expected;
      std::vector<std::string> symbols;
      for (int n = 1 + static_cast<int>(random() % 30); n > 0; --n) symbols.push_back(tokens[random() % 3]);
      for (const std::string& s : symbols) text += s;
      for (const std::string& s : slowly(symbols, ranks)) expected += (expected.empty() ? "" : "|") + s;
      ASSERT_EQ(spelled(tokenizer, text), expected) << merges;
    }
  }
}

// Quadratic time would take minutes here.
TEST(Bpe, aLongPieceTakesLittleTime) {
  const Tokenizer tokenizer =
      Json{.model = bpe(R"({"a":0,"aa":1,"aaaa":2})", R"(["a a","aa aa"])"), .pre_tokenizer = "null", .decoder = "null"}
          .load();
  EXPECT_EQ(tokenizer.encode(std::string(1'000'000, 'a')).size(), 250'000u);
}

TEST(Bpe, whatIsNoToken) {
  const auto with = [](const std::string& options, const std::string& text) {
    return spelled(Json{.model = bpe(R"({"a":0,"?":1,"ab":2})", "[]", options), .pre_tokenizer = "null"}.load(), text);
  };
  EXPECT_EQ(with("", "axya"), "a|a");
  EXPECT_EQ(with(R"(,"unk_token":"?")", "axya"), "a|?|?|a");
  EXPECT_EQ(with(R"(,"unk_token":"?","fuse_unk":true)", "axyaz"), "a|?|a|?");
  EXPECT_EQ(with(R"(,"ignore_merges":true)", "ab"), "ab");
  EXPECT_EQ(with("", "ab"), "a");
}

TEST(WordPiece, theLongestPiecesOrUnknown) {
  const Tokenizer tokenizer =
      Json{.model = R"({"unk_token":"?","continuing_subword_prefix":"##","max_input_chars_per_word":6,
                        "vocab":{"?":0,"un":1,"##aff":2,"##able":3,"a":4,"##a":5,"é":6}})",
           .pre_tokenizer = R"({"type":"BertPreTokenizer"})",
           .decoder = "null"}
          .load();
  EXPECT_EQ(spelled(tokenizer, "unaff a aa unable ab"), "un|##aff|a|a|##a|un|##able|?");
  EXPECT_EQ(spelled(tokenizer, "éaaaaa éaaaaaa"), "é|##a|##a|##a|##a|##a|?");
}

}  // namespace
}  // namespace heed::testing
