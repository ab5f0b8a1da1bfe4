// Normalizers, one by one; seen through the letters of a vocabulary that can say everything.
#include <gtest/gtest.h>

#include "files.h"

namespace heed::testing {
namespace {

/// The text as a normalizer leaves it.
std::string after(const std::string& normalizer, const std::string& text) {
  const Tokenizer tokenizer = Json{.normalizer = normalizer}.load();
  return tokenizer.decode(tokenizer.encode(text));
}
std::string bert(const std::string& clean, const std::string& apart, const std::string& accents,
                 const std::string& lower) {
  return R"({"type":"BertNormalizer","clean_text":)" + clean + R"(,"handle_chinese_chars":)" + apart +
         R"(,"strip_accents":)" + accents + R"(,"lowercase":)" + lower + "}";
}

TEST(Normalize, simpleForms) {
  EXPECT_EQ(after("null", "Éﬁ"), "Éﬁ");
  EXPECT_EQ(after(R"({"type":"NFD"})", "É"), "E\u0301");
  EXPECT_EQ(after(R"({"type":"NFKC"})", "ﬁ"), "fi");
  EXPECT_EQ(after(R"({"type":"Lowercase"})", "ÉA"), "éa");
  EXPECT_EQ(after(R"({"type":"StripAccents"})", "e\u0301"), "e");
}

TEST(Normalize, aSequenceIsInOrder) {
  EXPECT_EQ(after(R"({"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"_"},
                      {"type":"Replace","pattern":{"String":" "},"content":"_"}]})",
                  "a  b"),
            "_a__b");
  EXPECT_EQ(after(R"({"type":"Prepend","prepend":"_"})", ""), "");
  EXPECT_EQ(after(R"({"type":"Replace","pattern":{"String":"aa"},"content":"a"})", "aaaaa"), "aaa");
}

TEST(Normalize, eachOptionOfBert) {
  EXPECT_EQ(after(bert("true", "false", "false", "false"), "a\u200d\x01 \ufffd\tb\u3000"), "a  b ");
  EXPECT_EQ(after(bert("false", "true", "false", "false"), "a漢b"), "a 漢 b");
  EXPECT_EQ(after(bert("false", "false", "true", "false"), "É"), "E");
  EXPECT_EQ(after(bert("false", "false", "null", "false"), "É"), "É");
  EXPECT_EQ(after(bert("false", "false", "null", "true"), "É\u0130"), "ei");
  EXPECT_EQ(after(bert("false", "false", "false", "true"), "É"), "é");
}

TEST(Normalize, aFileCannotMultiplyTheText) {
  std::string steps;
  for (int i = 0; i < 60; ++i)
    steps += std::string(i ? "," : "") + R"({"type":"Replace","pattern":{"String":"a"},"content":"aa"})";
  const Tokenizer tokenizer = Json{.normalizer = R"({"type":"Sequence","normalizers":[)" + steps + "]}"}.load();
  EXPECT_EQ(errorOf([&] { tokenizer.encode("a"); }),
            "the normalizer: it makes 8192 bytes of a text; at most 4160 may become of this one; its file is not one "
            "to trust");
}

}  // namespace
}  // namespace heed::testing
