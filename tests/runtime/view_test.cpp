// Untyped views: bytes, contiguity, copies.
#include "heed/runtime/view.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "axes.h"

namespace heed::testing {
namespace {

ArrayView strided(float* data, std::vector<std::int64_t> sizes, std::vector<std::int64_t> strides) {
  ArrayView view(DType::f32, data, sizes);
  std::copy(strides.begin(), strides.end(), view.strides);
  return view;
}

TEST(View, isContiguousWhateverTheStridesOfExtentOne) {
  EXPECT_TRUE(strided(nullptr, {4, 1, 3}, {3, 77, 1}).contiguous());
  EXPECT_TRUE(strided(nullptr, {0, 3}, {5, 5}).contiguous());
  EXPECT_FALSE(strided(nullptr, {4, 3}, {4, 1}).contiguous());
  EXPECT_FALSE(strided(nullptr, {4, 3}, {-3, 1}).contiguous());
}

TEST(View, touchesTheBytesOfItsElements) {
  float memory[20];
  const auto base = reinterpret_cast<std::uintptr_t>(memory);
  const ByteRange up = byteRange(strided(memory, {2, 3}, {4, 1}));
  EXPECT_EQ(up.begin, base);
  EXPECT_EQ(up.end, base + 7 * 4);
  const ByteRange down = byteRange(strided(memory + 10, {3}, {-2}));
  EXPECT_EQ(down.begin, base + 6 * 4);
  EXPECT_EQ(down.end, base + 11 * 4);
  EXPECT_FALSE(up.overlaps({up.end, up.end + 4}));
}

TEST(View, ofAnUnknownTypeIsRefused) {
  EXPECT_EQ(errorOf([] { ArrayView(DType(77), nullptr, {}); }),
            "array: DType(77) for its elements; i1, i32, f16, bf16 or f32 is required; take one of DType's names");
}

TEST(View, copiesBetweenAnyStrides) {
  std::vector<float> from(24), to(24, -1);
  for (int i = 0; i < 24; ++i) from[i] = i;
  copyElements(strided(from.data(), {2, 3, 4}, {12, 4, 1}), strided(to.data() + 3, {2, 3, 4}, {12, 4, -1}));
  for (int row = 0; row < 6; ++row)
    for (int i = 0; i < 4; ++i) EXPECT_EQ(to[row * 4 + 3 - i], row * 4 + i);
}

TEST(View, copiesEveryWidth) {
  for (DType dtype : {DType::i1, DType::i32, DType::f16, DType::bf16, DType::f32}) {
    const std::int64_t sizes[] = {3, 2};
    AnyArray from(dtype, sizes), to(dtype, sizes);
    std::memset(from.memory.get(), 1, 6 * elementBytes(dtype));
    std::memset(to.memory.get(), 0, 6 * elementBytes(dtype));
    copyElements(from.view, to.view);
    EXPECT_EQ(std::memcmp(from.memory.get(), to.memory.get(), 6 * elementBytes(dtype)), 0);
  }
}

TEST(View, hasAtMostEightAxes) {
  std::vector<std::int64_t> sizes(9, 1);
  EXPECT_EQ(errorOf([&] { ArrayView(DType::f32, nullptr, sizes); }),
            "array: it has 9 axes; at most 8 are possible; merge some of them");
}

TEST(View, byteSizesAreCheckedEvenBehindAZero) {
  const std::int64_t huge[] = {0, 1ll << 40, 1ll << 40};
  EXPECT_NE(errorOf([&] { byteSize(DType::f32, huge); }), "");
  const std::int64_t none[] = {0, 1ll << 20};
  EXPECT_EQ(byteSize(DType::f32, none), 0);
}

}  // namespace
}  // namespace heed::testing
