#include <gtest/gtest.h>

#include "model.h"

namespace heed::test {
namespace {

struct Tokens : sequence<"tokens", Batch> {};
struct Cached : memory<Tokens, "cached"> {};
struct Width : axis<"width", 4> {};

using Q = Tensor<f32, Batch, Tokens, Width>;

struct Remember {
  State<f32, Batch, Cached, Width> keys;
  constexpr Q operator()(Q x) const {
    auto k = append<Tokens, Cached>(keys, x);
    auto scores = where(position<Cached>() <= position<Tokens>(), contract<Width>(x, k), -inf);
    return contract<Cached>(softmax<Cached>(scores), k);
  }
};
constexpr auto graph = trace(Remember{}, "x");

TEST(State, IsAFieldOfTheModule) {
  EXPECT_EQ(graph.count(op::state), 1);
  const tape::Node& state = first(graph, op::state);
  EXPECT_EQ(scopePath(graph, state.scope), "keys");
  EXPECT_EQ(typeOf(graph, op::state), "f32[batch, cached, width]");
}

TEST(State, AppendGivesAllThatIsRemembered) {
  EXPECT_EQ(typeOf(graph, op::append), "f32[batch, cached, width]");
  EXPECT_EQ(typeOf(graph, op::past), "i32[batch]");
}

TEST(State, PositionCountsFromThePast) {
  using Here = decltype(position<Tokens>());
  static_assert(std::is_same_v<lang::AxesOf<Here>, axes<Batch, Tokens>>);
  static_assert(std::is_same_v<lang::AxesOf<decltype(position<Cached>())>, axes<Cached>>);
  static_assert(std::is_same_v<decltype(position<Seq>()), decltype(index<Seq>())>);
}

TEST(State, ACopyOfALayerHasItsOwn) {
  struct Net {
    Repeat<3, Remember> layers;
    constexpr Q operator()(Q x) const { return layers(x); }
  };
  static constexpr auto g = trace(Net{}, "x");
  EXPECT_EQ(g.count(op::state), 1);
  EXPECT_EQ(scopePath(g, first(g, op::state).scope), "layers.{i}.keys");
}

}  // namespace
}  // namespace heed::test
