// Names: shown safely, matched in linear time, renamed by rules or a function.
#include "heed/runtime/weights/names.h"

#include <gtest/gtest.h>

#include "axes.h"

namespace heed::testing {
namespace {

TEST(Names, areShownAsPrintableAscii) {
  EXPECT_EQ(shown("h.0.attn"), "\"h.0.attn\"");
  EXPECT_EQ(shown("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(shown(std::string("\0\n\x1b\x7f\xe2\x80\xae", 7)), "\"\\x00\\x0a\\x1b\\x7f\\xe2\\x80\\xae\"");
  EXPECT_EQ(shown(std::string(1000, 'x')), "\"" + std::string(120, 'x') + "\"... (1000 bytes)");
}

TEST(Names, matchWholePrefixOrStars) {
  EXPECT_TRUE(match("wte.weight", "wte.weight"));
  EXPECT_FALSE(match("wte", "wte.weight"));
  EXPECT_TRUE(match("transformer.", "transformer.wte.weight"));
  EXPECT_FALSE(match("former.", "transformer.wte.weight"));
  EXPECT_TRUE(match("h.*.attn.bias", "h.11.attn.bias"));
  EXPECT_FALSE(match("h.*.attn.bias", "h.11.attn.c_attn.bias"));
  EXPECT_TRUE(match("*", ""));
  EXPECT_TRUE(match("**", "x"));
  EXPECT_FALSE(match("a*a", "a"));
  EXPECT_EQ(match("h.*.*.weight", "h.3.mlp.c_fc.weight"), (std::vector<std::string_view>{"3", "mlp.c_fc"}));
}

TEST(Names, hostileNamesDoNotBacktrack) {
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "*a";
  EXPECT_FALSE(match(pattern + "*b", std::string(1'000'000, 'a')));
}

TEST(Renaming, rulesApplyInTurn) {
  const Renaming rename{{"transformer.", ""}, {"h.*.attn.c_proj.*", "layers.*.attn.out.*"}, {"wte.weight", "table"}};
  EXPECT_EQ(rename("transformer.h.3.attn.c_proj.bias"), "layers.3.attn.out.bias");
  EXPECT_EQ(rename("h.3.attn.c_proj.bias"), "layers.3.attn.out.bias");
  EXPECT_EQ(rename("transformer.wte.weight"), "table");
  EXPECT_EQ(rename("ln_f.weight"), "ln_f.weight");
}

TEST(Renaming, rulesTellTheWayBack) {
  const Renaming rename{{"transformer.", ""}, {"h.*.attn.c_proj.*", "layers.*.attn.out.*"}, {"old.*", "new"}};
  EXPECT_EQ(rename.back("layers.3.attn.out.bias"), "transformer.h.3.attn.c_proj.bias");
  EXPECT_EQ(rename.back("ln_f.weight"), "transformer.ln_f.weight");
  EXPECT_EQ(rename.back("new"), "transformer.new");
  EXPECT_EQ(Renaming([](std::string_view) { return "x"; }).back("y"), "y");
}

TEST(Renaming, oneRuleAPrefixForAPrefixOrAFunction) {
  const Renaming one{{"transformer.h.", "h."}};
  EXPECT_EQ(one("transformer.h.0.ln_1.weight"), "h.0.ln_1.weight");
  const Renaming function = [](std::string_view name) { return "gpt." + std::string(name); };
  EXPECT_EQ(function("wte"), "gpt.wte");
  EXPECT_EQ(Renaming()("wte"), "wte");
}

TEST(Renaming, aRuleThatNeedsMoreStarsIsRefused) {
  EXPECT_EQ(errorOf([] {
              Renaming rename{{"h.*", "layers.*.*"}};
            }),
            "rename: \"h.*\" to \"layers.*.*\"; the new name has at most as many stars as the old one; give a function "
            "for a rule that needs more");
}

}  // namespace
}  // namespace heed::testing
