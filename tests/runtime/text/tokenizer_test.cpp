// The tokenizer as a whole: its options, its frame, its threads.
#include "heed/runtime/text/tokenizer.h"

#include <gtest/gtest.h>

#include <thread>

#include "files.h"

namespace heed::testing {
namespace {

Json framed(const std::string& post_processor) {
  return {.added = "[" + added(256, "<s>") + "," + added(257, "</s>") + "]", .post_processor = post_processor};
}
const std::string template_of_two = R"({"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"B","type_id":0}},
    {"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"E","type_id":0}}],"pair":[],
    "special_tokens":{"B":{"id":"B","ids":[256],"tokens":["<s>"]},"E":{"id":"E","ids":[257,257],"tokens":["</s>","</s>"]}}})";

TEST(Tokenizer, aTemplateStandsAroundTheText) {
  const Tokenizer t = framed(template_of_two).load();
  EXPECT_EQ(spelled(t, "ab"), "<s>|a|b|</s>|</s>");
  EXPECT_EQ(spelled(t, ""), "<s>|</s>|</s>");
  EXPECT_EQ(spelled(t, "ab", {.special = false}), "a|b");
  EXPECT_EQ(t.decode(t.encode("ab")), "ab");
}

TEST(Tokenizer, processorsOfASequenceStandOneAroundTheOther) {
  const std::string roberta =
      R"({"type":"RobertaProcessing","sep":["</s>",257],"cls":["<s>",256],"trim_offsets":true})";
  EXPECT_EQ(spelled(framed(roberta).load(), "a"), "<s>|a|</s>");
  EXPECT_EQ(spelled(framed(R"({"type":"Sequence","processors":[{"type":"ByteLevel"},)" + roberta + "," +
                           template_of_two + "]}")
                        .load(),
                    "a"),
            "<s>|<s>|a|</s>|</s>|</s>");
}

TEST(Tokenizer, theTextIsCutBeforeItsFrame) {
  const Tokenizer t = framed(template_of_two).load();
  EXPECT_EQ(spelled(t, "abc", {.most = 5}), "<s>|a|b|</s>|</s>");
  EXPECT_EQ(spelled(t, "abc", {.most = 3}), "<s>|</s>|</s>");
  EXPECT_EQ(spelled(t, "abc", {.special = false, .most = 1}), "a");
  EXPECT_EQ(errorOf([&] { t.encode("abc", {.most = 2}); }),
            "encode: at most 2 ids; those around a text take 3; allow more, or {.special = false}");
}

TEST(Tokenizer, tokensHaveIds) {
  const Tokenizer t = framed("null").load();
  EXPECT_EQ(t.size(), 258);
  EXPECT_EQ(t.id("<s>"), 256);
  EXPECT_EQ(t.id("Ġ"), 32);
  EXPECT_EQ(t.id(" "), std::nullopt);
  EXPECT_EQ(t.token(257), "</s>");
  EXPECT_EQ(t.token(258), std::nullopt);
}

TEST(Tokenizer, textThatIsNotUtf8IsReadAsReplaced) {
  const Tokenizer t = Json{}.load();
  EXPECT_EQ(t.encode("a\xff\xf0\x9f"), t.encode("a\ufffd\ufffd"));
}

TEST(Tokenizer, manyThreadsMayUseOne) {
  const Tokenizer t = framed(template_of_two).load();
  const auto expected = t.encode("the harbour");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([copy = t, &expected] {
      for (int n = 0; n < 200; ++n) ASSERT_EQ(copy.encode("the harbour"), expected);
    });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace heed::testing
