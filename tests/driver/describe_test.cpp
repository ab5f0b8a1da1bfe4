// The table of a model: counts that can be checked by hand.
#include "heed/driver/describe.h"

#include <gtest/gtest.h>

#include "heed/heed.h"

namespace heed::test {
namespace {

struct Seq : axis<"seq"> {};
struct Model : axis<"model", 8> {};
struct Hidden : axis<"hidden", 32> {};
using X = Tensor<f32, Seq, Model>;

struct Net {
  Repeat<3, nn::FeedForward<Model, Hidden>> layers;
  constexpr X operator()(X x) const { return layers(x); }
};
constexpr auto graph = trace(Net{}, "x");

TEST(Describe, CountsCopiesParametersAndWork) {
  std::string text = describe(graph, {extent<Seq>(10)});
  auto line = [&](const std::string& start) {
    auto at = text.find("\n" + start);
    return at == text.npos ? "" : text.substr(at + 1, text.find('\n', at + 1) - at - 1);
  };
  // up and down: 8 x 32 + 32 and 32 x 8 + 8, three times.
  EXPECT_NE(line("Net").find(std::to_string(3 * (8 * 32 + 32 + 32 * 8 + 8))), std::string::npos) << text;
  EXPECT_NE(line("layers.{i} x 3").find("1656"), std::string::npos) << text;
  // up of all copies: 3 products of 2 x 10 x 8 x 32, and 3 biases.
  EXPECT_NE(line("layers.{i}.up").find("16.3 k"), std::string::npos) << text;
  EXPECT_NE(line("layers.{i}.down").find("f32[seq, model]"), std::string::npos) << text;
}

TEST(Describe, RefusesExtentsThatAreNone) {
  EXPECT_THROW(describe(graph, {extent<Seq>(0)}), Error);
  EXPECT_THROW(describe(graph, {extent<Seq>(-1)}), Error);
}

TEST(Describe, AsksForExtentsItNeeds) {
  try {
    describe(graph);
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("axis seq has no extent"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace heed::test
