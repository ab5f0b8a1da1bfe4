// The scanners of the published expressions, where their alternatives meet.
#include "heed/runtime/text/patterns.h"

#include <gtest/gtest.h>

#include <string>

#include "files.h"

namespace heed::testing {
namespace {

/// The matches, with a bar between; "GPT-2", "cl100k and Llama 3", "Qwen 2", "o200k".
std::string matches(std::size_t pattern, std::string_view text) {
  std::string all;
  while (!text.empty()) {
    const std::size_t length = tokens::patterns()[pattern]->scan(text);
    all += (all.empty() ? "" : "|") + std::string(text.substr(0, length));
    text.remove_prefix(length);
  }
  return all;
}
constexpr std::size_t gpt2 = 0, llama3 = 1, qwen2 = 2, o200k = 3;

TEST(Patterns, contractions) {
  EXPECT_EQ(matches(gpt2, "we're 'sam IT'S 'x"), "we|'re| '|sam| IT|'|S| '|x");
  EXPECT_EQ(matches(llama3, "we're 'sam IT'S x'\u017f"), "we|'re| '|sam| IT|'S| x|'\u017f");
  EXPECT_EQ(matches(o200k, "we're 'sam IT'Ss"), "we're| '|sam| IT'S|s");
}

TEST(Patterns, numbers) {
  EXPECT_EQ(matches(gpt2, "12345 678"), "12345| 678");
  EXPECT_EQ(matches(llama3, "12345 678"), "123|45| |678");
  EXPECT_EQ(matches(qwen2, "12½ 6"), "1|2|½| |6");
}

TEST(Patterns, theLastOfManySpacesGoesWithTheWord) {
  EXPECT_EQ(matches(gpt2, "a   b  "), "a|  | b|  ");
  EXPECT_EQ(matches(gpt2, "a\n\nb\tc"), "a|\n|\n|b|\t|c");
  EXPECT_EQ(matches(llama3, "a   b  "), "a|  | b|  ");
  EXPECT_EQ(matches(llama3, "a \n \n  b"), "a| \n \n| | b");
  EXPECT_EQ(matches(llama3, "\tb \u3000b"), "\tb| |\u3000b");
}

TEST(Patterns, symbols) {
  EXPECT_EQ(matches(gpt2, "a?! (b"), "a|?!| (|b");
  EXPECT_EQ(matches(llama3, "a?!\n\n(b ;"), "a|?!\n\n|(b| ;");
  EXPECT_EQ(matches(o200k, "a?/\n/(b"), "a|?/\n/|(b");
}

TEST(Patterns, caseEndsAWordOfO200k) {
  EXPECT_EQ(matches(o200k, "camelCaseHTTPServer"), "camel|Case|HTTPServer");
  EXPECT_EQ(matches(o200k, "ABC 漢字Ab"), "ABC| 漢字Ab");
  EXPECT_EQ(matches(o200k, "漢AB"), "漢|AB");
  EXPECT_EQ(matches(o200k, "\u0301"), "\u0301");
}

TEST(Patterns, matchesAreAllOfTheText) {
  std::mt19937 random(1);
  for (int i = 0; i < 4000; ++i) {
    const std::string given = randomText(random);
    for (const tokens::Pattern* pattern : tokens::patterns()) {
      std::string_view text = given;
      while (!text.empty()) {
        const std::size_t length = pattern->scan(text);
        ASSERT_TRUE(length > 0 && length <= text.size()) << pattern->name;
        ASSERT_EQ(tokens::wellFormed(text.substr(0, length)), text.substr(0, length)) << pattern->name;
        text.remove_prefix(length);
      }
    }
  }
}

}  // namespace
}  // namespace heed::testing
