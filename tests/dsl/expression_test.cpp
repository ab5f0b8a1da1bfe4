// Graph-free expressions over indices, and what they become beside a tensor.
#include <gtest/gtest.h>

#include "model.h"

namespace heed::test {
namespace {

constexpr auto causal = index<Key>() <= index<Seq>();
constexpr std::uint32_t causalLine = __LINE__ - 1;
static_assert(lang::AnyExpression<std::remove_cv_t<decltype(causal)>>);
static_assert(std::is_same_v<lang::Traits<std::remove_cv_t<decltype(causal)>>::Type, Tensor<i1, Key, Seq>>);

TEST(Expression, JoinsTheGraphOfATensor) {
  auto g = traceAtRunTime([](Tensor<f32, Seq, Key> s) { return where(causal, s, -inf); }, "s");
  EXPECT_EQ(body(g)[2], "%3 = le %1 %2 : i1[key, seq]");
  EXPECT_EQ(body(g)[4], "%5 = where %3 %0 %4 : f32[seq, key]");
}

TEST(Expression, KeepsItsOwnLine) {
  auto g = traceAtRunTime([](Tensor<f32, Seq, Key> s) { return where(causal, s, -inf); }, "s");
  EXPECT_EQ(first(g, op::le).place.line, causalLine);
  EXPECT_EQ(first(g, op::index).place.line, causalLine);
}

TEST(Expression, GivesWayToFloats) {
  auto g = traceAtRunTime(
      [](Tensor<f32, Heads> slope) { return slope * (index<Key>() - index<Seq>()) + along<Seq>(along<Key>(slope)); },
      "slope");
  EXPECT_EQ(typeOf(g, op::cast), "f32[key, seq]");
  EXPECT_EQ(typeOf(g, op::mul), "f32[heads, key, seq]");
}

TEST(Expression, AFractionMakesItFloat) {
  auto g = traceAtRunTime([](Tensor<f32, Seq> x) { return x * (index<Seq>() * 0.5); }, "x");
  EXPECT_EQ(first(g, op::constant).attributes.count, 1u);
  EXPECT_EQ(typeOf(g, op::constant), "f32[]");
  EXPECT_EQ(typeOf(g, op::cast), "f32[seq]");
}

TEST(Expression, WholeNumbersStayWhole) {
  auto g = traceAtRunTime([](Tensor<i32, Seq> x) { return x + index<Seq>() / 4; }, "x");
  EXPECT_EQ(g.count(op::cast), 0);
  EXPECT_EQ(typeOf(g, op::div), "i32[seq]");
}

TEST(Subscript, SeesATensorAlongALikeAxis) {
  auto g = traceAtRunTime(
      [](Tensor<i32, Batch, Seq> document) { return document[index<Seq>()] == document[index<Key>()]; }, "document");
  EXPECT_EQ(g.count(op::rename), 1);
  EXPECT_EQ(typeOf(g, op::rename), "i32[batch, key]");
  EXPECT_EQ(typeOf(g, op::eq), "i1[batch, seq, key]");
}

TEST(Expression, WhereOverIndicesIsAnExpression) {
  constexpr auto bias = where(causal, index<Key>() - index<Seq>(), 0);
  static_assert(lang::AnyExpression<std::remove_cv_t<decltype(bias)>>);
  auto g = traceAtRunTime([&](Tensor<f32, Seq, Key> s) { return s + bias; }, "s");
  EXPECT_EQ(g.count(op::where), 1);
  EXPECT_EQ(typeOf(g, op::where), "i32[key, seq]");
}

}  // namespace
}  // namespace heed::test
