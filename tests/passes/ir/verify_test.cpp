// What the ops refuse, in the user's words: axis names and both extents.
#include <gtest/gtest.h>

#include "program.h"

namespace heed::ir::test {
namespace {

struct Case {
  const char* name;
  const char* text;
  const char* message;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class Verify : public testing::TestWithParam<Case> {};

TEST_P(Verify, SaysWhatIsWrong) {
  Text program(GetParam().text);
  EXPECT_FALSE(program.valid());
  EXPECT_NE(program.errors().find(GetParam().message), std::string::npos) << program.errors();
}

const Case cases[] = {
    {"rank", "func.func private @f(tensor<2x3xf32, #heed.axes<a>>)", "1 names for a tensor of rank 2"},
    {"twice", "func.func private @f(tensor<2x3xf32, #heed.axes<a, a>>)", "axis \"a\" appears twice"},
    {"no_symbol", "func.func private @f(tensor<?xf32, #heed.axes<a>>)", "is dynamic and has no symbol"},
    {"symbol", "func.func private @f(tensor<2xf32, #heed.axes<a:A>>)", "is static and has a symbol"},
    {"no_axes", R"(func.func @f(%x: tensor<2xf32>) { %0 = heed.exp %x : (tensor<2xf32>) -> tensor<2xf32> return })",
     "tensor with named axes"},
    {"extents", R"(
      func.func @f(%x: tensor<128xf32, #heed.axes<key>>, %y: tensor<96xf32, #heed.axes<key>>) {
        %0 = heed.add %x, %y : (tensor<128xf32, #heed.axes<key>>, tensor<96xf32, #heed.axes<key>>) -> tensor<128xf32, #heed.axes<key>>
        return })",
     "heed.add: one operand has axis key (128), another key (96)"},
    {"symbols", R"(
      func.func @f(%x: tensor<?xf32, #heed.axes<key:K>>, %y: tensor<?xf32, #heed.axes<key:T>>) {
        %0 = heed.add %x, %y : (tensor<?xf32, #heed.axes<key:K>>, tensor<?xf32, #heed.axes<key:T>>) -> tensor<?xf32, #heed.axes<key:K>>
        return })",
     "axis key (K), another key (T)"},
    {"elements", R"(
      func.func @f(%x: tensor<f32>, %y: tensor<i32>) { %0 = heed.add %x, %y : (tensor<f32>, tensor<i32>) -> tensor<f32> return })",
     "heed.add: operands of element types 'f32' and 'i32'"},
    {"undefined", R"(func.func @f(%x: tensor<i32>) { %0 = heed.exp %x : (tensor<i32>) -> tensor<i32> return })",
     "heed.exp: is not defined for i32"},
    {"mask", R"(
      func.func @f(%m: tensor<i32>, %x: tensor<f32>) { %0 = heed.where %m, %x, %x : (tensor<i32>, tensor<f32>, tensor<f32>) -> tensor<f32> return })",
     "heed.where: the mask is 'i32'; i1 is required"},
    {"wrong_result", R"(
      func.func @f(%x: tensor<2xf32, #heed.axes<a>>) { %0 = heed.exp %x : (tensor<2xf32, #heed.axes<a>>) -> tensor<2xf32, #heed.axes<b>> return })",
     "heed.exp"},
    {"contract", R"(
      func.func @f(%x: tensor<2x3xf32, #heed.axes<a, b>>, %y: tensor<3xf32, #heed.axes<b>>) {
        %0 = heed.contract %x, %y {axes = ["a"]} : (tensor<2x3xf32, #heed.axes<a, b>>, tensor<3xf32, #heed.axes<b>>) -> tensor<3xf32, #heed.axes<b>>
        return })",
     "heed.contract: sums over axis a; rhs has axes [b (3)]"},
    {"products_of_two_tensors", R"(
      !m = tensor<2x3xf32, #heed.axes<a, b>>
      func.func @f(%x: !m, %y: !m, %w: tensor<3x4xf32, #heed.axes<b, c>>, %v: tensor<3x4xf32, #heed.axes<b, c>>) {
        %0:2 = heed.products -> tensor<2x4xf32, #heed.axes<a, c>>, tensor<2x4xf32, #heed.axes<a, c>> {
          %1 = heed.contract %x, %w {axes = ["b"]} : (!m, tensor<3x4xf32, #heed.axes<b, c>>) -> tensor<2x4xf32, #heed.axes<a, c>>
          %2 = heed.contract %y, %v {axes = ["b"]} : (!m, tensor<3x4xf32, #heed.axes<b, c>>) -> tensor<2x4xf32, #heed.axes<a, c>>
          heed.yield %1, %2 : tensor<2x4xf32, #heed.axes<a, c>>, tensor<2x4xf32, #heed.axes<a, c>>
        }
        return })",
     "holds contractions that one kernel cannot compute: they have no operand in common"},
    {"products_across", R"(
      !m = tensor<2x3xf32, #heed.axes<a, b>>
      func.func @f(%x: !m, %w: tensor<3x4xf32, #heed.axes<b, c>>, %v: tensor<3x4xf32, #heed.axes<b, c>>) {
        %0:2 = heed.products -> tensor<2x4xf32, #heed.axes<a, c>>, tensor<4x2xf32, #heed.axes<c, a>> {
          %1 = heed.contract %x, %w {axes = ["b"]} : (!m, tensor<3x4xf32, #heed.axes<b, c>>) -> tensor<2x4xf32, #heed.axes<a, c>>
          %2 = heed.contract %x, %v {axes = ["b"]} : (!m, tensor<3x4xf32, #heed.axes<b, c>>) -> tensor<4x2xf32, #heed.axes<c, a>>
          heed.yield %1, %2 : tensor<2x4xf32, #heed.axes<a, c>>, tensor<4x2xf32, #heed.axes<c, a>>
        }
        return })",
     "cannot compute: the innermost axis of its result is not of the other operand"},
    {"softmax", R"(
      func.func @f(%x: tensor<2xf32, #heed.axes<a>>) { %0 = heed.softmax %x {axis = "key"} : (tensor<2xf32, #heed.axes<a>>) -> tensor<2xf32, #heed.axes<a>> return })",
     "heed.softmax: the operand has axes [a (2)], not key"},
    {"reduce", R"(
      func.func @f(%x: tensor<2xf32, #heed.axes<a>>) { %0 = heed.sum %x {axes = ["b"]} : (tensor<2xf32, #heed.axes<a>>) -> tensor<f32> return })",
     "heed.sum: the operand has axes [a (2)], not b"},
    {"rename", R"(
      func.func @f(%x: tensor<2x3xf32, #heed.axes<a, b>>) {
        %0 = heed.rename %x {from = "a", to = "b"} : (tensor<2x3xf32, #heed.axes<a, b>>) -> tensor<2x3xf32, #heed.axes<b, a>> return })",
     "heed.rename: the operand has an axis b already"},
    {"along", R"(
      func.func @f(%x: tensor<2xf32, #heed.axes<a>>) { %0 = heed.along %x {axis = "a"} : (tensor<2xf32, #heed.axes<a>>) -> tensor<2xf32, #heed.axes<a>> return })",
     "has axis a already"},
    {"split", R"(
      func.func @f(%x: tensor<6xf32, #heed.axes<a>>) {
        %0 = heed.split %x {axis = "a", parts = ["b", "c"]} : (tensor<6xf32, #heed.axes<a>>) -> tensor<2x4xf32, #heed.axes<b, c>> return })",
     "parts [b (2), c (4)] do not multiply up to a (6)"},
    {"take", R"(
      func.func @f(%x: tensor<6xf32, #heed.axes<a>>, %i: tensor<f32>) {
        %0 = heed.take %x, %i {axis = "a"} : (tensor<6xf32, #heed.axes<a>>, tensor<f32>) -> tensor<f32> return })",
     "heed.take: rows are 'f32'; i32 is required"},
    {"constant", R"(func.func @f() { %0 = heed.constant 1 : i32 : tensor<f32> return })",
     "a number of type 'f32' is required"},
    {"index", R"(func.func @f() { %0 = heed.index "a" : tensor<3xi32, #heed.axes<b>> return })",
     "the result has [b (3)]"},
    {"lone_index", R"(func.func @f() { %0 = heed.index "a" : i32 return })", "only in a region of heed.attention"},
    {"repeat", R"(
      func.func @f(%x: tensor<f32>) {
        %0 = heed.repeat 2 carries(%x : tensor<f32>) parameters(%x : tensor<f32>) -> (tensor<f32>) {
        ^bb0(%c: tensor<f32>, %w: tensor<f32>): heed.yield %c : tensor<f32> }
        return })",
     "2 copies need 2 parameters, 1 are given"},
};

INSTANTIATE_TEST_SUITE_P(Ops, Verify, testing::ValuesIn(cases), [](const auto& info) { return info.param.name; });

TEST(Verify, AxesMayStandInAnyOrder) {
  Text program(R"(
    func.func @f(%x: tensor<2x3xf32, #heed.axes<a, b>>) -> tensor<3x2xf32, #heed.axes<b, a>> {
      %0 = heed.exp %x : (tensor<2x3xf32, #heed.axes<a, b>>) -> tensor<3x2xf32, #heed.axes<b, a>>
      return %0 : tensor<3x2xf32, #heed.axes<b, a>>
    })");
  EXPECT_TRUE(program.valid()) << program.errors();
}

}  // namespace
}  // namespace heed::ir::test
