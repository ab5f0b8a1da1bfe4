// Conversion: exact where it widens, to nearest even where it narrows.
#include "heed/runtime/weights/convert.h"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "files.h"

namespace heed::testing {
namespace {

/// `bytes` as a tensor of one axis, from `offset` bytes past an aligned address.
struct Raw {
  std::vector<std::int64_t> memory;
  Weight weight;
  template <class T>
  Raw(const char* type, const std::vector<T>& values, int offset = 0) : memory(values.size() * sizeof(T) / 8 + 2) {
    auto* data = reinterpret_cast<std::byte*>(memory.data()) + offset;
    const auto bytes = static_cast<std::int64_t>(values.size() * sizeof(T));
    std::memcpy(data, values.data(), bytes);
    weight = {storedType(type), {static_cast<std::int64_t>(values.size())}, data, bytes, {}};
  }
  AnyArray as(DType dtype) const { return toArray("w", weight, dtype, weight.shape); }
};

std::vector<std::uint16_t> allPatterns() {
  std::vector<std::uint16_t> all(65536);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

TEST(Convert, everyHalfIsExactAsFloat) {
  const Raw raw("F16", allPatterns());
  const AnyArray floats = raw.as(DType::f32);
  for (int i = 0; i < 65536; ++i) {
    float16 half;
    half.pattern = static_cast<std::uint16_t>(i);
    const float expected = half, got = static_cast<float*>(floats.view.data)[i];
    ASSERT_EQ(std::bit_cast<std::uint32_t>(got), std::bit_cast<std::uint32_t>(expected)) << i;
    ASSERT_TRUE(got != got || float16(got).pattern == i) << i;
  }
}

TEST(Convert, everyBfloatIsExactAsFloat) {
  const Raw raw("BF16", allPatterns(), 1);
  const AnyArray floats = raw.as(DType::f32);
  for (std::uint32_t i = 0; i < 65536; ++i)
    ASSERT_EQ(std::bit_cast<std::uint32_t>(static_cast<float*>(floats.view.data)[i]), i << 16);
}

TEST(Convert, floatsNarrowToNearestEven) {
  const Raw raw("F32", std::vector<float>{1 + 0x1p-11f, 1 + 0x3p-11f, 65520, 0x1p-25f}, 2);
  const AnyArray array = raw.as(DType::f16);
  const auto* halves = static_cast<float16*>(array.view.data);
  EXPECT_EQ(halves[0], 1);
  EXPECT_EQ(halves[1], 1 + 0x1p-9f);
  EXPECT_EQ(halves[2], std::numeric_limits<float>::infinity());
  EXPECT_EQ(halves[3], 0);
}

TEST(Convert, equalTypesAreNotCopiedWhereAligned) {
  const Raw aligned("F32", std::vector<float>{1, 2, 3}, 4), askew("F32", std::vector<float>{1, 2, 3}, 2);
  EXPECT_EQ(aligned.as(DType::f32).view.data, aligned.weight.data);
  const AnyArray copy = askew.as(DType::f32);
  EXPECT_NE(copy.view.data, askew.weight.data);
  EXPECT_EQ(static_cast<float*>(copy.view.data)[2], 3);
}

TEST(Convert, onlyFloatsConvert) {
  for (const StoredType& type : storedTypes())
    for (DType dtype : {DType::i1, DType::i32, DType::f16, DType::bf16, DType::f32}) {
      const bool halves = type.name == "F16" || type.name == "BF16" || type.name == "F32";
      EXPECT_EQ(converts(type, dtype), type.dtype == dtype || (halves && dtype != DType::i1 && dtype != DType::i32));
    }
}

TEST(Convert, aBoolIsZeroOrOne) {
  EXPECT_EQ(errorOf([] {
              Raw("BOOL", std::vector<std::uint8_t>{0, 1, 7}).as(DType::i1);
            }),
            "w: element 2 is 7; a BOOL is 0 or 1; save it again as booleans");
}

}  // namespace
}  // namespace heed::testing
