// Parts of tensors and stacks of them: names, numbers, memory, and what is refused.
#include "heed/runtime/weights/rearrange.h"

#include <gtest/gtest.h>

#include <numeric>

#include "heed/runtime/error.h"

namespace heed {
namespace {

AnyArray counted(std::vector<std::int64_t> sizes, float from = 0) {
  AnyArray array(DType::f32, sizes);
  auto* data = static_cast<float*>(array.view.data);
  std::iota(data, data + array.view.size(), from);
  return array;
}

std::vector<float> numbers(const Weight& weight) {
  const auto* data = reinterpret_cast<const float*>(weight.data);
  return {data, data + weight.bytes / 4};
}

std::string messageOf(auto&& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(Split, RowsBecomeTensorsOfTheirOwn) {
  const Weights all{
      {"layers.3.qkv.weight", counted({4, 2})}, {"layers.3.qkv.bias", counted({4})}, {"norm", counted({2})}};
  const Weights parts = split(all, "layers.*.qkv.*", {{"layers.*.q.*", 2}, {"layers.*.k.*", 1}, {"layers.*.v.*", 1}});
  EXPECT_EQ(parts.size(), 7u);
  EXPECT_EQ(toString(parts.at("layers.3.q.weight")), "F32[2, 2]");
  EXPECT_EQ(numbers(parts.at("layers.3.q.weight")), (std::vector<float>{0, 1, 2, 3}));
  EXPECT_EQ(numbers(parts.at("layers.3.k.weight")), (std::vector<float>{4, 5}));
  EXPECT_EQ(numbers(parts.at("layers.3.v.bias")), (std::vector<float>{3}));
  EXPECT_EQ(parts.at("layers.3.k.weight").data, all.at("layers.3.qkv.weight").data + 16);
  EXPECT_TRUE(parts.contains("norm"));
}

TEST(Split, RowsMustSumUp) {
  const Weights all{{"qkv", counted({4, 2})}};
  EXPECT_EQ(messageOf([&] {
              split(all, "qkv", {{"q", 3}, {"k", 2}});
            }),
            "weights: \"qkv\": it is F32[4, 2]; its parts have 5 rows, of whole bytes; check the sizes of the model");
  EXPECT_NE(messageOf([&] { split(all, "qkv", {{"q", -1}, {"k", 5}}); }), "");
}

TEST(Stack, TensorsBecomeOne) {
  Weights all{{"h.0.experts.1.w.weight", counted({2, 3}, 10)},
              {"h.0.experts.0.w.weight", counted({2, 3})},
              {"h.1.experts.0.w.weight", counted({2, 3}, 20)},
              {"h.0.experts.other.w.weight", counted({1})}};
  const Weights stacks = stack(all, "h.*.experts.*.w.weight", "h.*.w");
  EXPECT_EQ(stacks.size(), 3u);
  EXPECT_EQ(toString(stacks.at("h.0.w")), "F32[2, 2, 3]");
  EXPECT_EQ(numbers(stacks.at("h.0.w")), (std::vector<float>{0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15}));
  EXPECT_EQ(toString(stacks.at("h.1.w")), "F32[1, 2, 3]");
  EXPECT_EQ(stacks.at("h.1.w").data, all.at("h.1.experts.0.w.weight").data);
}

TEST(Stack, SplitAndStackIsTheSameMemory) {
  const Weights all{{"e", counted({6, 2})}};
  const Weights again = stack(split(all, "e", {{"e.0", 2}, {"e.1", 2}, {"e.2", 2}}), "e.*", "e");
  EXPECT_EQ(toString(again.at("e")), "F32[3, 2, 2]");
  EXPECT_EQ(again.at("e").data, all.at("e").data);
}

TEST(Stack, WhatIsMissingOrUnlikeIsNamed) {
  EXPECT_NE(messageOf([] {
              stack(Weights{{"e.0", counted({2})}, {"e.2", counted({2})}}, "e.*", "e");
            }).find("\"e\": number 1 is missing"),
            std::string::npos);
  EXPECT_NE(messageOf([] {
              stack(Weights{{"e.0", counted({2})}, {"e.1", counted({3})}}, "e.*", "e");
            }).find("number 1 is F32[3]; number 0 is F32[2]"),
            std::string::npos);
  EXPECT_NE(messageOf([] {
              stack(Weights{{"e.0", counted({2})}, {"e.00", counted({2})}}, "e.*", "e");
            }).find("number 0 is there already"),
            std::string::npos);
}

}  // namespace
}  // namespace heed
