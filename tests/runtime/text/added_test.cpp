// Added tokens: where they are found, and what they take with them.
#include <gtest/gtest.h>

#include "files.h"

namespace heed::testing {
namespace {

Tokenizer with(const std::string& list, const std::string& normalizer = "null") {
  return Json{.added = "[" + list + "]", .normalizer = normalizer}.load();
}

TEST(Added, theLongestAtTheLeftmostPlace) {
  const Tokenizer t = with(added(256, "<a>") + "," + added(257, "<a><b>") + "," + added(258, "b><"));
  EXPECT_EQ(spelled(t, "<a><b><a>x"), "<a><b>|<a>|x");
}

TEST(Added, spacesThatATokenTakes) {
  const Tokenizer t = with(added(256, "<l>", "lstrip") + "," + added(257, "<r>", "rstrip"));
  EXPECT_EQ(spelled(t, "a \t<l> b"), "a|<l>|Ġ|b");
  EXPECT_EQ(spelled(t, "a <r>\u3000 b"), "a|Ġ|<r>|b");
  EXPECT_EQ(spelled(t, "<r>  <l>"), "<r>|<l>");
}

TEST(Added, aSingleWordStandsAlone) {
  const Tokenizer t = with(added(256, "the", "single_word"));
  EXPECT_EQ(spelled(t, "the they-the 3the"), "the|Ġ|t|h|e|y|-|the|Ġ|3|t|h|e");
}

TEST(Added, normalizedOnesAreFoundInNormalizedText) {
  const std::string lower = R"({"type":"Lowercase"})";
  EXPECT_EQ(spelled(with(added(256, "Foo", "normalized"), lower), "FOOx"), "Foo|x");
  EXPECT_EQ(spelled(with(added(256, "Foo", ""), lower), "FOOFoo"), "f|o|o|Foo");
}

TEST(Added, aStrangersTextHasNoSpecialTokens) {
  const Tokenizer t = with(added(256, "<s>") + "," + added(257, "ab", ""));
  EXPECT_EQ(spelled(t, "<s>ab"), "<s>|ab");
  EXPECT_EQ(spelled(t, "<s>ab", {.trusted = false}), "<|s|>|ab");
}

TEST(Added, theyDecodeAsTheyAreSpelled) {
  const Tokenizer t = with(added(256, "Ünï", "") + "," + added(257, "<s>"));
  const auto ids = t.encode("<s>Ünï ü");
  EXPECT_EQ(t.decode(ids), "Ünï ü");
  EXPECT_EQ(t.decode(ids, {.special = true}), "<s>Ünï ü");
}

}  // namespace
}  // namespace heed::testing
