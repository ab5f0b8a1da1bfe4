// rename, permute, along, split, merge: laws, not pictures.
#include <gtest/gtest.h>

#include "program.h"

namespace heed::ir::test {
namespace {

TEST(Layout, SplitThenMergeIsTheSame) {
  Text program(R"(
    !x = tensor<?x12xf32, #heed.axes<a:A, b>>
    !y = tensor<3x?x4xf32, #heed.axes<p, a:A, q>>
    func.func @f(%x: !x) -> (!x, !y) {
      %0 = heed.split %x {axis = "b", parts = ["p", "q"]} : (!x) -> !y
      %1 = heed.merge %0 {parts = ["p", "q"], axis = "b"} : (!y) -> !x
      return %1, %0 : !x, !y
    })");
  ASSERT_TRUE(program.valid()) << program.errors();
  auto arguments = program.randomArguments({{"A", 5}});
  auto results = program.run(arguments);
  ASSERT_EQ(results.size(), 2u) << program.errors();
  EXPECT_EQ(distance(results[0], arguments[0]), 0);
  for (int a = 0; a < 5; ++a)
    for (int p = 0; p < 3; ++p)
      for (int q = 0; q < 4; ++q)
        EXPECT_EQ(results[1].data[(p * 5 + a) * 4 + q], arguments[0].data[a * 12 + p * 4 + q]);
}

TEST(Layout, ARunTimeExtentSplitsIntoBlocks) {
  Text program(R"(
    !y = tensor<?x4xf32, #heed.axes<block:N, in>>
    func.func @f(%x: tensor<?xf32, #heed.axes<a:A>>) -> !y {
      %0 = heed.split %x {axis = "a", parts = ["block", "in"]} : (tensor<?xf32, #heed.axes<a:A>>) -> !y
      return %0 : !y
    })");
  ASSERT_TRUE(program.valid()) << program.errors();
  EXPECT_EQ(program.runOn({{"A", 12}}).at(0).extents, (std::vector<int64_t>{3, 4}));
  EXPECT_TRUE(program.runOn({{"A", 10}}).empty());
  EXPECT_NE(program.errors().find("axis a has extent 10, which is no multiple of 4"), std::string::npos);
}

TEST(Layout, APartBesideOnesIsAsLongAsTheWhole) {
  Text program(R"(
    !x = tensor<?xf32, #heed.axes<a:A>>
    !y = tensor<1x?xf32, #heed.axes<one, b:A>>
    func.func @f(%x: !x) -> !x {
      %0 = heed.split %x {axis = "a", parts = ["one", "b"]} : (!x) -> !y
      %1 = heed.merge %0 {parts = ["one", "b"], axis = "a"} : (!y) -> !x
      return %1 : !x
    })");
  ASSERT_TRUE(program.valid()) << program.errors();
  EXPECT_EQ(program.runOn({{"A", 12}}).at(0).extents, std::vector<int64_t>{12});
}

TEST(Layout, RenamePermuteAndAlongMoveNothing) {
  Text program(R"(
    !x = tensor<2x3xf32, #heed.axes<a, b>>
    !z = tensor<3x4x2xf32, #heed.axes<c, n, a>>
    func.func @f(%x: !x) -> !z {
      %0 = heed.rename %x {from = "b", to = "c"} : (!x) -> tensor<2x3xf32, #heed.axes<a, c>>
      %1 = heed.permute %0 : (tensor<2x3xf32, #heed.axes<a, c>>) -> tensor<3x2xf32, #heed.axes<c, a>>
      %2 = heed.along %1 {axis = "n"} : (tensor<3x2xf32, #heed.axes<c, a>>) -> !z
      return %2 : !z
    })");
  ASSERT_TRUE(program.valid()) << program.errors();
  auto arguments = program.randomArguments({});
  auto results = program.run(arguments);
  ASSERT_EQ(results.size(), 1u) << program.errors();
  for (int c = 0; c < 3; ++c)
    for (int n = 0; n < 4; ++n)
      for (int a = 0; a < 2; ++a) EXPECT_EQ(results[0].data[(c * 4 + n) * 2 + a], arguments[0].data[a * 3 + c]);
}

}  // namespace
}  // namespace heed::ir::test
