// Pre-tokenizers: where pieces end is where no merge can be.
#include <gtest/gtest.h>

#include "files.h"

namespace heed::testing {
namespace {

/// Merges make everything one token: what is still apart was cut.
std::string pieces(const std::string& pre_tokenizer, const std::string& text) {
  const std::string vocab =
      R"({"▁":0," ":1,"a":2,"b":3,"1":4,"aa":5,"▁a":6,"▁▁":7,"a▁":8," a":9,"a ":10,"  ":11,"11":12,
    "!":13,"a!":14,"!a":15,"a1":16,"1a":17,"!!":18})";
  const std::string merges =
      R"(["▁ a","▁ ▁","a ▁","a a",[" "," "],[" ","a"],["a"," "],"1 1","a !","! a","a 1","1 a","! !"])";
  return spelled(Json{.model = bpe(vocab, merges), .pre_tokenizer = pre_tokenizer, .decoder = "null"}.load(), text);
}
std::string splitAt(const std::string& string, const std::string& behavior) {
  return R"({"type":"Split","pattern":{"String":")" + string + R"("},"behavior":")" + behavior + R"(","invert":false})";
}

TEST(Split, eachBehavior) {
  EXPECT_EQ(pieces("null", "aa  a"), "aa|  |a");
  EXPECT_EQ(pieces(splitAt(" ", "Removed"), "a  a "), "a|a");
  EXPECT_EQ(pieces(splitAt(" ", "Isolated"), "a  a "), "a| | |a| ");
  EXPECT_EQ(pieces(splitAt(" ", "MergedWithPrevious"), "a  a "), "a | |a ");
  EXPECT_EQ(pieces(splitAt(" ", "MergedWithNext"), "a  a "), "a| | a| ");
  EXPECT_EQ(pieces(splitAt(" ", "Contiguous"), "a  a "), "a|  |a| ");
}

TEST(Split, metaspaceBySchemes) {
  const auto metaspace = [](const std::string& more) {
    return R"({"type":"Metaspace","replacement":"▁")" + more + "}";
  };
  EXPECT_EQ(pieces(metaspace(""), "a  a"), "▁a|▁|▁a");
  EXPECT_EQ(pieces(metaspace(R"(,"prepend_scheme":"never")"), "a a"), "a|▁a");
  EXPECT_EQ(pieces(metaspace(R"(,"add_prefix_space":false)"), "a a"), "a|▁a");
  EXPECT_EQ(pieces(metaspace(R"(,"prepend_scheme":"first","split":false)"), " a"), "▁a");
  EXPECT_EQ(pieces(metaspace(R"(,"prepend_scheme":"first","split":false)"), "a▁a"), "▁a|▁a");
}

TEST(Split, digits) {
  EXPECT_EQ(pieces(R"({"type":"Digits","individual_digits":true})", "a11a"), "a|1|1|a");
  EXPECT_EQ(pieces(R"({"type":"Digits","individual_digits":false})", "a11a"), "a|11|a");
}

TEST(Split, bertCutsAtSpacesAndPunctuation) {
  EXPECT_EQ(pieces(R"({"type":"BertPreTokenizer"})", " a!!a  a "), "a|!|!|a|a");
}

TEST(Split, byteLevelMayAddASpaceToEachStretchOfText) {
  const Tokenizer t = Json{.added = "[" + added(256, "<s>") + "]",
                           .pre_tokenizer = R"({"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true})"}
                          .load();
  EXPECT_EQ(spelled(t, "a<s>b c"), "Ġ|a|<s>|Ġ|b|Ġ|c");
  EXPECT_EQ(spelled(t, " a"), "Ġ|a");
}

TEST(Split, anExpressionIsKnownOrRefused) {
  const auto split = [](const std::string& expression, const std::string& behavior, const std::string& invert) {
    return Json{.pre_tokenizer = R"({"type":"Split","pattern":{"Regex":)" + jsonString(expression) +
                                 R"(},"behavior":")" + behavior + R"(","invert":)" + invert + "}"}
        .verdict();
  };
  const std::string qwen2 =
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
  EXPECT_EQ(split(qwen2, "Isolated", "false"), "");
  EXPECT_EQ(split(qwen2, "Removed", "true"), "");
  EXPECT_EQ(
      split(qwen2, "Removed", "false"),
      "f: pre_tokenizer: behavior is \"Removed\" with invert false; Isolated, or Removed with invert, is known for "
      "an expression; it is damaged, or not a tokenizer.json: get it again");
  EXPECT_EQ(split("\\w+", "Isolated", "false"),
            "f: pre_tokenizer.pattern: its expression is \"\\\\w+\"; those of GPT-2, cl100k and Llama 3, Qwen 2, o200k "
            "are known; take another model");
}

}  // namespace
}  // namespace heed::testing
