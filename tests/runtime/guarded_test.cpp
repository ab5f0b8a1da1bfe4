// Guard pages catch what they are there for.
#include "guarded.h"

#include <gtest/gtest.h>

#include "axes.h"

namespace heed::testing {
namespace {

TEST(Guarded, holdsACopy) {
  Array<f32, Seq, Depth> x{1, 2, 3, 4, 5, 6};
  for (Against against : {Against::low, Against::high}) {
    auto copy = guarded(x, against);
    EXPECT_TRUE(std::ranges::equal(copy.span(), x.span()));
  }
}

TEST(GuardedDeathTest, readsBeyondEitherEndFault) {
  Array<f32, Seq, Depth> x{1, 2, 3};
  auto low = guarded(x, Against::low), high = guarded(x, Against::high);
  volatile float sink;
  EXPECT_DEATH(sink = *(low.data() - 1), "");
  EXPECT_DEATH(sink = *(high.data() + 3), "");
  (void)sink;
}

TEST(GuardedDeathTest, writesIntoInputsFault) {
  auto x = guarded(Array<f32, Seq, Depth>{1, 2, 3}, Against::high, Access::read);
  EXPECT_EQ(x(0, 2), 3);
  EXPECT_DEATH(x(0, 0) = 1, "");
}

TEST(GuardedDeathTest, strayWritesInsideThePageAreReported) {
  EXPECT_DEATH(
      {
        auto x = guarded(Array<f32, Seq, Depth>{1, 2, 3}, Against::low);
        *(x.data() + 3) = 1;
      },
      "12 bytes from its start");
}

TEST(Guarded, emptyArraysHaveAnAddressOfNothing) {
  const std::int64_t sizes[] = {0, 3};
  AnyArray empty = guarded(DType::f32, sizes);
  EXPECT_NE(empty.view.data, nullptr);
  EXPECT_DEATH(static_cast<volatile float*>(empty.view.data)[0] = 1, "");
}

}  // namespace
}  // namespace heed::testing
