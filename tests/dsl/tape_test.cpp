// What a traced formula leaves on the tape: nodes, operands, attributes, types, and the line of each.
#include <gtest/gtest.h>

#include "model.h"

namespace heed::test {
namespace {

constexpr std::uint32_t sdpaLine = __LINE__;
constexpr auto sdpa(Tensor<f32, Batch, Heads, Seq, Depth> q, Tensor<f32, Batch, Heads, Key, Depth> k,
                    Tensor<f32, Batch, Heads, Key, Depth> v, Tensor<i32, Batch> valid)
    -> Tensor<f32, Batch, Heads, Seq, Depth> {
  auto scores = contract<Depth>(q, k) * rsqrt(Depth::size);             // sdpaLine + 4
  auto visible = index<Key>() <= index<Seq>() && index<Key>() < valid;  // sdpaLine + 5
  return contract<Key>(softmax<Key>(where(visible, scores, -inf)), v);  // sdpaLine + 6
}
constexpr auto graph = trace<sdpa>("q", "k", "v", "valid");
static_assert(graph.count(op::softmax) == 1 && graph.count(op::contract) == 2 && graph.count(op::param) == 0);

TEST(Tape, HoldsTheFormula) {
  GraphView g = graph;
  EXPECT_EQ(g.version, tape_version);
  EXPECT_EQ(g.name, "sdpa");
  std::vector<std::string> expected = {
      "%4 = contract %0 %1 axes=depth : f32[batch, heads, seq, key]",
      "%5 = constant value=0.125 : f32[]",
      "%6 = mul %4 %5 : f32[batch, heads, seq, key]",
      "%7 = index axis=key : i32[key]",
      "%8 = lt %7 %3 : i1[key, batch]",
      "%9 = index axis=key : i32[key]",
      "%10 = index axis=seq : i32[seq]",
      "%11 = le %9 %10 : i1[key, seq]",
      "%12 = and %11 %8 : i1[key, seq, batch]",
      "%13 = constant value=-inf : f32[]",
      "%14 = where %12 %6 %13 : f32[batch, heads, seq, key]",
      "%15 = softmax %14 axis=key : f32[batch, heads, seq, key]",
      "%16 = contract %15 %2 axes=key : f32[batch, heads, seq, depth]",
      "return %16 name=\"result\"",
  };
  EXPECT_EQ(body(g), expected);
}

TEST(Tape, InputsComeFirstAndAreNamed) {
  GraphView g = graph;
  const char* names[] = {"q", "k", "v", "valid"};
  for (std::uint32_t i = 0; i < 4; ++i) {
    EXPECT_EQ(g.nodes[i].op, op::input);
    EXPECT_EQ(g.nodes[i].results.begin, i);
    EXPECT_EQ(g.attributes[g.nodes[i].attributes.begin].text, names[i]);
  }
}

TEST(Tape, EveryNodeKnowsTheUsersLine) {
  GraphView g = graph;
  for (const tape::Node& node : g.nodes) {
    if (node.op == op::input || node.op == op::return_) continue;
    EXPECT_TRUE(std::string_view(node.place.file).ends_with("tape_test.cpp")) << node.op;
    EXPECT_GE(node.place.line, sdpaLine + 4);
    EXPECT_LE(node.place.line, sdpaLine + 6);
  }
  EXPECT_EQ(first(g, op::mul).place.line, sdpaLine + 4);
  EXPECT_EQ(first(g, op::lt).place.line, sdpaLine + 5);
  EXPECT_EQ(first(g, op::index).place.line, sdpaLine + 5);
  EXPECT_EQ(first(g, op::softmax).place.line, sdpaLine + 6);
}

TEST(Tape, WordsMadeOfWordsKeepTheUsersLine) {
  constexpr auto f = [](Tensor<f32, Seq> x) { return gelu(relu(silu(sigmoid(geluTanh(softcap(x, 30)))))); };
  constexpr std::uint32_t line = __LINE__ - 1;
  static constexpr auto g = trace<f>("x");
  for (const tape::Node& node : GraphView(g).nodes) {
    if (node.op == op::input || node.op == op::return_) continue;
    EXPECT_EQ(node.place.line, line) << toText(g, node);
  }
}

TEST(Tape, AValueUsedTwiceIsOneNode) {
  constexpr auto f = [](Tensor<f32, Seq> x) {
    auto y = exp(x);
    return y * y + y;
  };
  static constexpr auto g = trace<f>("x");
  EXPECT_EQ(g.count(op::exp), 1);
  EXPECT_EQ(body(g)[1], "%2 = mul %1 %1 : f32[seq]");
}

TEST(Tape, RangesStayInsideTheirPools) {
  GraphView g = graph;
  std::uint32_t defined = 0;
  for (const tape::Node& node : g.nodes) {
    EXPECT_LE(node.operands.begin + node.operands.count, g.operands.size);
    EXPECT_LE(node.attributes.begin + node.attributes.count, g.attributes.size);
    EXPECT_EQ(node.results.begin, defined);
    for (std::uint32_t i = 0; i < node.operands.count; ++i) EXPECT_LT(g.operands[node.operands.begin + i], defined);
    defined += node.results.count;
    EXPECT_LT(node.scope, g.scopes.size);
  }
  EXPECT_EQ(defined, g.values.size);
}

}  // namespace
}  // namespace heed::test
