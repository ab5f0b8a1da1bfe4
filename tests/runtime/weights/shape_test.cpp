// Stored dims as runs of axes.
#include "heed/runtime/weights/shape.h"

#include <gtest/gtest.h>

namespace heed::testing {
namespace {

using Extents = std::vector<std::int64_t>;

/// Axes of these extents, -1 for a symbolic one.
std::optional<Extents> grouped(const Extents& shape, const Extents& extents) {
  std::vector<AxisSpec> axes;
  for (std::int64_t n : extents) axes.push_back({"a", "a", n});
  return groupedExtents(shape, axes);
}

TEST(Shape, equalDims) {
  EXPECT_EQ(grouped({768, 768}, {768, 768}), (Extents{768, 768}));
  EXPECT_EQ(grouped({5, 768}, {-1, 768}), (Extents{5, 768}));
  EXPECT_EQ(grouped({}, {}), Extents{});
  EXPECT_EQ(grouped({0, 3}, {0, 3}), (Extents{0, 3}));
}

TEST(Shape, aDimIsTheProductOfARun) {
  EXPECT_EQ(grouped({768, 768}, {12, 64, 768}), (Extents{12, 64, 768}));
  EXPECT_EQ(grouped({768, 768}, {768, 12, 64}), (Extents{768, 12, 64}));
  EXPECT_EQ(grouped({768, 2304}, {768, 3, 12, 64}), (Extents{768, 3, 12, 64}));
  EXPECT_EQ(grouped({24}, {2, 3, 4}), (Extents{2, 3, 4}));
  EXPECT_EQ(grouped({768, 768}, {64, 12, 700}), std::nullopt);
}

TEST(Shape, equalCountsAreNotEnough) {
  EXPECT_EQ(grouped({3072, 768}, {768, 3072}), std::nullopt);
  EXPECT_EQ(grouped({64, 12}, {12, 64}), std::nullopt);
  EXPECT_EQ(grouped({12, 64, 768}, {768, 768}), std::nullopt);
  EXPECT_EQ(grouped({6, 4}, {4, 6}), std::nullopt);
}

TEST(Shape, onesComeAndGo) {
  EXPECT_EQ(grouped({1, 1, 768}, {768}), Extents{768});
  EXPECT_EQ(grouped({768}, {1, 768, 1}), (Extents{1, 768, 1}));
  EXPECT_EQ(grouped({1, 6, 1, 4}, {2, 1, 3, 4}), (Extents{2, 1, 3, 4}));
  EXPECT_EQ(grouped({}, {1, 1}), (Extents{1, 1}));
  EXPECT_EQ(grouped({1, 1}, {}), Extents{});
  EXPECT_EQ(grouped({}, {2}), std::nullopt);
  EXPECT_EQ(grouped({2}, {}), std::nullopt);
}

TEST(Shape, aSymbolicExtentIsWhatRemains) {
  EXPECT_EQ(grouped({768, 768}, {-1, 64, 768}), (Extents{12, 64, 768}));
  EXPECT_EQ(grouped({100, 64}, {-1, 64, 1}), (Extents{100, 64, 1}));
  EXPECT_EQ(grouped({770}, {-1, 64}), std::nullopt);
  EXPECT_EQ(grouped({6, 4}, {-1, 2, 4}), (Extents{3, 2, 4}));
  EXPECT_EQ(grouped({12}, {-1, -1}), std::nullopt);  // one number tells no two extents
  EXPECT_EQ(grouped({}, {-1}), Extents{1});
  EXPECT_EQ(grouped({0, 64}, {-1, 8, 8}), (Extents{0, 8, 8}));
}

TEST(Shape, largeNumbersDoNotOverflow) {
  const std::int64_t large = std::int64_t{1} << 40;
  EXPECT_EQ(grouped({0}, {large, large}), std::nullopt);
  EXPECT_EQ(grouped({large, large}, {large, large}), (Extents{large, large}));
}

}  // namespace
}  // namespace heed::testing
