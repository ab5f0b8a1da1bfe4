// What is asked of ICU, and the letters of bytes.
#include "heed/runtime/text/unicode.h"

#include <gtest/gtest.h>

#include "heed/runtime/text/byte_level.h"

namespace heed::tokens {
namespace {

// The Unicode standard, table 3-8: one U+FFFD for each maximal part.
TEST(Unicode, whatIsNotUtf8IsReplacedPartByPart) {
  EXPECT_EQ(wellFormed("a\xf1\x80\x80\xe1\x80\xc2 b\x80 c\x80\xbf d"), "a\ufffd\ufffd\ufffd b\ufffd c\ufffd\ufffd d");
  EXPECT_EQ(wellFormed("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41"), "\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\x41");
  EXPECT_EQ(wellFormed("\xed\xa0\x80"), "\ufffd\ufffd\ufffd");
  EXPECT_EQ(wellFormed("\xf0\x9f\x90\x9f é"), "\xf0\x9f\x90\x9f é");
}

TEST(Unicode, onlyAnUnfinishedSequenceIsIncomplete) {
  EXPECT_EQ(completeLength(""), 0u);
  EXPECT_EQ(completeLength("ab"), 2u);
  EXPECT_EQ(completeLength("a\xf0\x9f\x90"), 1u);
  EXPECT_EQ(completeLength("a\xf0\x9f\x90\x9f"), 5u);
  EXPECT_EQ(completeLength(std::string(40, '\x80').substr(39)), 1u);
  EXPECT_EQ(completeLength("a\xff"), 2u);
  EXPECT_EQ(completeLength("a\x80\x80"), 3u);
}

TEST(Unicode, lowerCaseIsTheFullMapping) {
  EXPECT_EQ(lowered("ÄΣÅA"), "äσåa");
  EXPECT_EQ(lowered("\u0130"), "i\u0307");
}

TEST(Unicode, normalForms) {
  EXPECT_EQ(normalized(Form::nfc, "e\u0301\u1112\u1161\u11ab"), "é한");
  EXPECT_EQ(normalized(Form::nfd, "é"), "e\u0301");
  EXPECT_EQ(normalized(Form::nfkc, "ﬁ²"), "fi2");
  EXPECT_EQ(normalized(Form::nfkd, "\ufdfa").size(), 33u);
}

TEST(Unicode, categories) {
  EXPECT_TRUE(isLetter(U'漢') && isLetter(U'ª') && !isLetter(U'1') && !isLetter(0x301));
  EXPECT_TRUE(isNumber(U'½') && isNumber(U'Ⅷ') && isMark(0x903) && !isNonspacing(0x903) && isNonspacing(0x301));
  EXPECT_TRUE(isSpace(0x85) && isSpace(0x3000) && !isSpace(0x200b) && isPunctuation(U'。') && !isPunctuation(U'$'));
  EXPECT_TRUE(isOther(0xad) && isOther(0xe000) && !isOther(0x378) && isWord(U'_') && !isWord(U'-'));
}

TEST(ByteLevel, everyByteHasItsLetter) {
  std::string bytes, letters;
  for (int b = 0; b < 256; ++b) bytes += static_cast<char>(b);
  appendLetters(letters, bytes);
  EXPECT_EQ(bytesOfLetters(letters), bytes);
  EXPECT_EQ(bytesOfLetters("Ġa"), " a");
  EXPECT_EQ(bytesOfLetters(" a"), std::nullopt);
  EXPECT_EQ(bytesOfLetters("漢"), std::nullopt);
}

}  // namespace
}  // namespace heed::tokens
