// The interpreter: repeats, and arguments that do not fit.
#include <gtest/gtest.h>

#include "program.h"

namespace heed::ir::test {
namespace {

TEST(Interpret, ARepeatGivesEachCopyItsOwnParametersAndSeesValuesFromAbove) {
  Text program(R"(
    func.func @f(%x: tensor<f32>, %a: tensor<f32>, %b: tensor<f32>, %c: tensor<f32>, %k: tensor<f32>) -> tensor<f32> {
      %0 = heed.repeat 3 carries(%x : tensor<f32>) parameters(%a, %b, %c : tensor<f32>, tensor<f32>, tensor<f32>) -> (tensor<f32>) {
      ^bb0(%y: tensor<f32>, %w: tensor<f32>):
        %1 = heed.mul %y, %k : (tensor<f32>, tensor<f32>) -> tensor<f32>
        %2 = heed.add %1, %w : (tensor<f32>, tensor<f32>) -> tensor<f32>
        heed.yield %2 : tensor<f32>
      }
      return %0 : tensor<f32>
    })");
  ASSERT_TRUE(program.valid()) << program.errors();
  auto results = program.run({Reference(1), Reference(2), Reference(3), Reference(4), Reference(10)});
  ASSERT_EQ(results.size(), 1u) << program.errors();
  EXPECT_EQ(results[0].data[0], 1234);
}

const char* const sum = R"(
  func.func @f(%k: tensor<?x8xf32, #heed.axes<key:K, depth>>, %v: tensor<?x8xf32, #heed.axes<key:K, depth>>)
      -> tensor<?x8xf32, #heed.axes<key:K, depth>> {
    %0 = heed.add %k, %v : (tensor<?x8xf32, #heed.axes<key:K, depth>>, tensor<?x8xf32, #heed.axes<key:K, depth>>)
         -> tensor<?x8xf32, #heed.axes<key:K, depth>>
    return %0 : tensor<?x8xf32, #heed.axes<key:K, depth>>
  })";

TEST(Interpret, NamesTheAxisAndBothExtentsOfAMismatch) {
  Text program(sum);
  EXPECT_TRUE(program.run({Reference({"key", "depth"}, {4, 8}), Reference({"key", "depth"}, {5, 8})}).empty());
  EXPECT_NE(program.errors().find("argument 1: extent mismatch on axis key: 5 given, 4 required"), std::string::npos)
      << program.errors();
}

TEST(Interpret, NamesAMissingAxis) {
  Text program(sum);
  EXPECT_TRUE(program.run({Reference({"key", "width"}, {4, 8}), Reference({"key", "depth"}, {4, 8})}).empty());
  EXPECT_NE(program.errors().find("argument 0: axis depth is missing"), std::string::npos) << program.errors();
}

TEST(Interpret, TakesAxesInAnyOrder) {
  Text program(sum);
  auto arguments = program.randomArguments({{"K", 3}});
  auto straight = program.run(arguments);
  arguments[1] = arguments[1].inOrder({"depth", "key"});
  EXPECT_EQ(distance(program.run(arguments).at(0), straight.at(0)), 0);
}

TEST(Interpret, AnIndexNeedsAnExtentThatAnInputCarries) {
  Text program(R"(
    func.func @f() -> tensor<?xi32, #heed.axes<key:K>> {
      %0 = heed.index "key" : tensor<?xi32, #heed.axes<key:K>>
      return %0 : tensor<?xi32, #heed.axes<key:K>>
    })");
  EXPECT_TRUE(program.run(std::vector<Reference>{}).empty());
  EXPECT_NE(program.errors().find("the extent of axis key (K) is not known"), std::string::npos) << program.errors();
}

TEST(Interpret, SingleRoundsEveryResult) {
  Text program(
      "func.func @f(%a: tensor<f32>, %b: tensor<f32>) -> tensor<f32> { %0 = heed.add %a, %b : (tensor<f32>, "
      "tensor<f32>) -> tensor<f32> return %0 : tensor<f32> }");
  llvm::SmallVector<Reference> ones{Reference(1), Reference(1e-9)};
  EXPECT_EQ(interpret(program.function(), ones)->front().data[0], 1 + 1e-9);
  EXPECT_EQ(interpret(program.function(), ones, true)->front().data[0], 1);
}

}  // namespace
}  // namespace heed::ir::test
