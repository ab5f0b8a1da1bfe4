// Tracing: functions, lambdas and modules, names, several results, and the same at run time.
#include <gtest/gtest.h>

#include <tuple>

#include "model.h"

namespace heed::test {
namespace {

using V = Tensor<f32, Seq>;

constexpr auto twice(V x) { return x + x; }
constexpr auto difference = [](V x, V y) { return x - y; };

struct Scale {
  Tensor<f32, Seq> weight{};
  float by = 2;
  constexpr V operator()(V x) const { return x * weight * by; }
};

constexpr auto ofFunction = trace<twice>("x");
constexpr auto ofLambda = trace<difference>("x", "y");
constexpr auto ofLambdaValue = trace(difference, "a", "b");
constexpr auto ofModule = trace(Scale{}, "x");
constexpr auto ofModuleType = trace<Scale>("x");

TEST(Trace, KnowsItsSignatureAndName) {
  static_assert(std::is_same_v<decltype(ofFunction)::signature, V(V)>);
  static_assert(std::is_same_v<decltype(ofLambda)::signature, V(V, V)>);
  static_assert(std::is_same_v<decltype(ofModule)::signature, V(V)>);
  EXPECT_EQ(GraphView(ofFunction).name, "twice");
  EXPECT_EQ(GraphView(ofModule).name, "Scale");
  EXPECT_EQ(GraphView(ofLambda).name, "graph");
}

TEST(Trace, AllSpellingsAgree) {
  EXPECT_EQ(body(ofLambda), body(ofLambdaValue));
  EXPECT_EQ(toText(ofModule), toText(ofModuleType));
}

TEST(Trace, TheSameGraphUnderOtherNames) {
  EXPECT_EQ(toText(ofLambda).substr(0, 26), "%0 = input name=\"x\" : f32[");
  EXPECT_EQ(toText(ofLambdaValue).substr(0, 26), "%0 = input name=\"a\" : f32[");
}

TEST(Trace, AtRunTimeGivesTheSameGraph) {
  EXPECT_EQ(toText(traceAtRunTime(twice, "x")), toText(ofFunction));
  EXPECT_EQ(toText(traceAtRunTime(Scale{}, "x")), toText(ofModule));
  EXPECT_EQ(traceAtRunTime(Scale{}, "x").parameter("weight"), 0);
}

TEST(Trace, AtRunTimeTakesNumbersAndCaptures) {
  EXPECT_NE(toText(traceAtRunTime(Scale{.by = 7}, "x")).find("value=7"), std::string::npos);
  float by = 3;
  EXPECT_NE(toText(traceAtRunTime([by](V x) { return x * by; }, "x")).find("value=3"), std::string::npos);
}

TEST(Trace, AtRunTimeThrowsWhatTheCompilerWouldSay) {
  EXPECT_THROW(traceAtRunTime(difference, "x", "x"), Mistake);
  EXPECT_THROW(traceAtRunTime(difference, "x", ""), Mistake);
  EXPECT_THROW(traceAtRunTime([](V x) { return x + Tensor<f32, Seq>{}; }, "x"), Mistake);
  EXPECT_THROW(traceAtRunTime([](V) { return exp(Tensor<f32, Seq>{}); }, "x"), Mistake);
  EXPECT_THROW(traceAtRunTime([](V x) { return x * 1e39; }, "x"), Mistake);
  EXPECT_NO_THROW(traceAtRunTime([](V x) { return x * 3e38 + inf; }, "x"));
  V kept;
  (void)traceAtRunTime([&](V x) { return kept = x + x; }, "x");
  EXPECT_THROW(traceAtRunTime([&](V x) { return x + kept; }, "x"), Mistake);
  EXPECT_THROW(traceAtRunTime(Scale{}, "x").parameter("wieght"), Mistake);
  struct AlsoSeq : axis<"seq", 4> {};
  EXPECT_THROW(traceAtRunTime([](V x, Tensor<f32, AlsoSeq> y) { return results(x, y); }, "x", "y"), Mistake);
}

struct Attended {
  Tensor<f32, Seq> context;
  Tensor<f32, Seq, Mem> weights;
};
constexpr Attended pooling(Tensor<f32, Seq> x, Tensor<f32, Mem> xs, Tensor<f32, Mem> ys) {
  auto d = along<Mem>(x) - xs;
  auto w = softmax<Mem>(d * d * -0.5);
  return {contract<Mem>(w, ys), w};
}
constexpr auto pair = [](V x) { return results(exp(x), x < 0); };
constexpr auto hanaPair = [](V x) { return boost::hana::make_tuple(exp(x), log(x)); };

TEST(Results, AStructNamesThem) {
  static constexpr auto g = trace<pooling>("x", "xs", "ys");
  EXPECT_EQ(body(g).back(), "return %9 %8 name=\"context\" name=\"weights\"");
  using Tuple = std::tuple<Tensor<f32, Seq>, Tensor<f32, Seq, Mem>>;
  static_assert(std::is_same_v<decltype(g)::signature, Tuple(V, Tensor<f32, Mem>, Tensor<f32, Mem>)>);
  static_assert(std::is_same_v<ResultTensors<Attended>, std::tuple<Tensor<f32, Seq>, Tensor<f32, Seq, Mem>>>);
}

TEST(Results, ATupleNumbersThem) {
  static constexpr auto g = trace<pair>("x");
  EXPECT_EQ(body(g).back().substr(body(g).back().find("name")), "name=\"result\" name=\"result1\"");
  static constexpr auto h = trace<hanaPair>("x");
  EXPECT_EQ(first(h, op::return_).operands.count, 2u);
}

TEST(Results, AnInputMayBeAResult) {
  EXPECT_EQ(body(traceAtRunTime([](V x) { return x; }, "x")), std::vector<std::string>{"return %0 name=\"result\""});
}

}  // namespace
}  // namespace heed::test
