// Half types: every pattern there is, and rounding at the places where it goes wrong.
#include "heed/runtime/element.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace heed {
namespace {

template <class Half>
Half fromPattern(unsigned pattern) {
  Half half;
  half.pattern = static_cast<std::uint16_t>(pattern);
  return half;
}

template <class Half>
class Halves : public ::testing::Test {};
using Both = ::testing::Types<bfloat16, float16>;
TYPED_TEST_SUITE(Halves, Both);

TYPED_TEST(Halves, everyPatternSurvivesTheWayThroughFloat) {
  for (unsigned p = 0; p < 65536; ++p) {
    const float value = fromPattern<TypeParam>(p);
    const TypeParam back = value;
    if (std::isnan(value))
      EXPECT_TRUE(std::isnan(float(back))) << p;
    else
      ASSERT_EQ(back.pattern, p);
  }
}

TYPED_TEST(Halves, midpointsRoundToEvenAndNeighboursToTheNearest) {
  for (unsigned p = 0; float(fromPattern<TypeParam>(p + 1)) < std::numeric_limits<float>::infinity(); ++p) {
    const float low = fromPattern<TypeParam>(p), high = fromPattern<TypeParam>(p + 1);
    const float middle = low + (high - low) / 2;
    ASSERT_EQ(TypeParam(middle).pattern, p + (p & 1)) << p;
    ASSERT_EQ(TypeParam(std::nextafter(middle, low)).pattern, p) << p;
    ASSERT_EQ(TypeParam(std::nextafter(middle, high)).pattern, p + 1) << p;
    ASSERT_EQ(TypeParam(-middle).pattern, (p + (p & 1)) | 0x8000u) << p;
  }
}

TEST(Float16, overflowsToInfinityHalfWayToTheNextPower) {
  EXPECT_EQ(float(float16(65519.f)), 65504.f);
  EXPECT_EQ(float(float16(65520.f)), std::numeric_limits<float>::infinity());
  EXPECT_EQ(float(float16(1e30f)), std::numeric_limits<float>::infinity());
  EXPECT_EQ(float(float16(0x1p-24f)), 0x1p-24f);
  EXPECT_EQ(float(float16(0x1p-26f)), 0);
}

TEST(Elements, haveTheWidthOfTheirDtype) {
  static_assert(sizeof(ElementOf<DType::i1>::type) == 1 && sizeof(ElementOf<DType::i32>::type) == 4);
  static_assert(sizeof(float16) == 2 && sizeof(bfloat16) == 2 && sizeof(ElementOf<DType::f32>::type) == 4);
}

}  // namespace
}  // namespace heed
