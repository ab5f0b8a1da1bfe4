// Rows of ids: which are refused, and where their padding goes.
#include "heed/runtime/tokens.h"

#include <gtest/gtest.h>

#include "heed/runtime/error.h"

namespace heed {
namespace {

std::string refused(const std::vector<Tokens>& rows) {
  try {
    requireTokens("prompts", rows, {.vocabulary = 10, .positions = 3});
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(Tokens, WhatIsWrongIsNamed) {
  EXPECT_EQ(refused({{0, 9, 1}, {2}}), "");
  EXPECT_EQ(refused({}), "prompts: no rows; at least one is required; an empty batch has no result");
  EXPECT_EQ(refused({{1}, {}}), "prompts: row 1: no tokens; at least 1 is required");
  EXPECT_EQ(refused({{1}, {2, 10}}),
            "prompts: row 1: id 10 at place 1; the vocabulary has ids from 0 to 9; use the tokenizer of this model");
  EXPECT_EQ(refused({{-1}}),
            "prompts: row 0: id -1 at place 0; the vocabulary has ids from 0 to 9; use the tokenizer of this model");
  EXPECT_EQ(refused({{1, 2, 3, 4}}), "prompts: row 0: 4 tokens; the model's table has 3 positions; shorten it");
}

TEST(Tokens, PaddingIsOnEitherSide) {
  const std::vector<Tokens> rows{{1, 2, 3}, {4}};
  auto numbers = [](const AnyArray& array) {
    const auto* data = static_cast<const std::int32_t*>(array.view.data);
    return Tokens(data, data + array.view.size());
  };
  EXPECT_EQ(numbers(padded(rows)), (Tokens{1, 2, 3, 4, 0, 0}));
  EXPECT_EQ(numbers(padded(rows, Padding::left)), (Tokens{1, 2, 3, 0, 0, 4}));
  EXPECT_EQ(numbers(lengths(rows)), (Tokens{3, 1}));
}

}  // namespace
}  // namespace heed
