// Strided loops over reference tensors.
#include "heed/passes/ir/reference.h"

#include <gtest/gtest.h>

namespace heed::ir {

static Reference counting(std::vector<std::string> axes, std::vector<int64_t> extents) {
  Reference x(std::move(axes), std::move(extents));
  for (int64_t i = 0; i < x.size(); ++i) x.data[i] = double(i);
  return x;
}

TEST(Reference, AnotherOrderMovesNumbersAndBackAgainRestoresThem) {
  Reference x = counting({"a", "b", "c"}, {2, 3, 4});
  Reference y = x.inOrder({"c", "a", "b"});
  for (int a = 0; a < 2; ++a)
    for (int b = 0; b < 3; ++b)
      for (int c = 0; c < 4; ++c) EXPECT_EQ(y.data[(c * 2 + a) * 3 + b], x.data[(a * 3 + b) * 4 + c]);
  EXPECT_EQ(y.inOrder(x.axes).data, x.data);
}

TEST(Reference, AnAxisItLacksHasStrideZero) {
  Reference x = counting({"a", "b"}, {2, 3});
  EXPECT_EQ(x.strides({"b", "z", "a"}), (llvm::SmallVector<int64_t>{1, 0, 3}));
}

TEST(Reference, RunsVisitEveryPointOnce) {
  Reference x = counting({"a", "b", "c"}, {3, 1, 5});
  std::vector<int> visits(15);
  forEachRun(x.extents, {x.strides(x.axes)}, [&](const int64_t* at, const int64_t* step, int64_t count) {
    for (int64_t i = 0; i < count; ++i) ++visits[at[0] + i * step[0]];
  });
  EXPECT_EQ(visits, std::vector<int>(15, 1));
}

TEST(Reference, AnEmptySpaceHasNoPointAndRankZeroOne) {
  int points = 0;
  auto count = [&](const int64_t*, const int64_t*, int64_t n) { points += int(n); };
  forEachRun({4, 0, 2}, {{0, 0, 0}}, count);
  EXPECT_EQ(points, 0);
  forEachRun({}, {{}}, count);
  EXPECT_EQ(points, 1);
}

}  // namespace heed::ir
