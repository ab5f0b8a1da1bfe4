// Masks and score modifiers, written directly and as modifiers of nn::attention: the same graph.
#include <gtest/gtest.h>

#include "model.h"

namespace heed::test {
namespace {

using Q = Tensor<f32, Batch, Heads, Seq, Depth>;
using K = Tensor<f32, Batch, Heads, Key, Depth>;
using Slopes = Tensor<f32, Heads>;
using Documents = Tensor<i32, Batch, Seq>;

int ops(const GraphView& g, std::string_view op) { return g.count(op); }

TEST(Attention, ModifiersGiveTheFormula) {
  auto direct = traceAtRunTime(
      [](Q q, K k, K v) {
        auto s = contract<Depth>(q, k) * rsqrt(Depth::size);
        return contract<Key>(softmax<Key>(where(index<Seq>() >= index<Key>(), s, -inf)), v);
      },
      "q", "k", "v");
  auto modified = traceAtRunTime(
      [](Q q, K k, K v) {
        return nn::attention<Depth, Key>(q, k, v, nn::NoScoreMod{}, [](auto, auto, auto i, auto j) { return i >= j; });
      },
      "q", "k", "v");
  EXPECT_EQ(body(direct), body(modified));
}

TEST(Attention, CapturesTensors) {
  constexpr auto f = [](Q q, K k, K v, Slopes slope, Documents document) {
    return nn::attention<Depth, Key>(
        q, k, v, [=](auto s, auto, auto h, auto i, auto j) { return softcap(s + slope[h] * (j - i), 50); },
        [=](auto, auto, auto i, auto j) { return i >= j && i - j < 256 && document[i] == document[j]; });
  };
  static constexpr auto g = trace<f>("q", "k", "v", "slope", "document");
  EXPECT_EQ(ops(g, op::tanh), 1);
  EXPECT_EQ(ops(g, op::rename), 1);
  EXPECT_EQ(typeOf(g, op::eq), "i1[batch, seq, key]");
  EXPECT_EQ(typeOf(g, op::softmax), "f32[batch, heads, seq, key]");
}

TEST(Attention, GroupedQueriesAreAnExtraAxis) {
  struct Kv : axis<"kv", 2> {};
  struct Group : axis<"group", 4> {};
  auto g = traceAtRunTime(
      [](Tensor<f32, Batch, Kv, Group, Seq, Depth> q, Tensor<f32, Batch, Kv, Key, Depth> k,
         Tensor<f32, Batch, Kv, Key, Depth> v) {
        return nn::attention<Depth, Key>(q, k, v, nn::NoScoreMod{}, [](auto, auto, auto i, auto j) { return j <= i; });
      },
      "q", "k", "v");
  EXPECT_EQ(typeOf(g, op::softmax), "f32[batch, kv, group, seq, key]");
  EXPECT_EQ(typeOf(g, op::le), "i1[key, seq]");
}

TEST(Attention, WithoutBatchOrHeads) {
  auto g = traceAtRunTime(
      [](Tensor<f32, Seq, Depth> q, Tensor<f32, Mem, Depth> k, Tensor<f32, Mem, Depth> v) {
        return nn::attention<Depth, Mem>(q, k, v,
                                         [](auto s, auto b, auto h, auto i, auto j) { return s + (b + h + i - j); });
      },
      "q", "k", "v");
  EXPECT_EQ(typeOf(g, op::softmax), "f32[seq, mem]");
}

template <class Mask>
std::string maskType(Mask mask) {
  return typeOf(traceAtRunTime([=](Tensor<f32, Batch, Heads, Seq, Key> s, Documents d, Tensor<i32, Batch> n,
                                   Slopes slope) { return where(mask(d, n, slope), s, -inf); },
                               "s", "d", "n", "slope"),
                op::where);
}

TEST(Variants, AllAreMasksOfTheScores) {
  const char* scores = "f32[batch, heads, seq, key]";
  EXPECT_EQ(maskType([](auto...) { return variants::causal<Seq, Key>(); }), scores);
  EXPECT_EQ(maskType([](auto...) { return variants::slidingWindow<Seq, Key>(256); }), scores);
  EXPECT_EQ(maskType([](auto...) { return variants::prefix<Seq, Key>(16); }), scores);
  EXPECT_EQ(maskType([](auto, auto n, auto) { return variants::prefix<Seq, Key>(n); }), scores);
  EXPECT_EQ(maskType([](auto d, auto, auto) { return variants::sameDocument<Seq, Key>(d); }), scores);
  EXPECT_EQ(maskType([](auto, auto n, auto) { return variants::padding<Key>(n); }), scores);
}

TEST(Variants, AWindowOfNoKeyIsRefused) {
  auto window = [](int size) { return maskType([=](auto...) { return variants::slidingWindow<Seq, Key>(size); }); };
  EXPECT_NO_THROW(window(1));
  EXPECT_THROW(window(0), Mistake);
  EXPECT_THROW(window(-1), Mistake);
}

TEST(Variants, BothFormsAgreeAndKeepTheUsersLine) {
  auto named = traceAtRunTime(
      [](Tensor<f32, Heads, Seq, Key> s, Slopes slope) { return s + variants::alibi<Seq, Key>(slope); }, "s", "slope");
  auto indexed =
      traceAtRunTime([](Tensor<f32, Heads, Seq, Key> s,
                        Slopes slope) { return s + variants::alibi(slope, position<Seq>(), position<Key>()); },
                     "s", "slope");
  EXPECT_EQ(body(named), body(indexed));
  for (const GraphView& g : {GraphView(named), GraphView(indexed)})
    for (const tape::Node& node : g.nodes) {
      if (!node.place.line) continue;
      EXPECT_TRUE(std::string_view(node.place.file).ends_with("variants_test.cpp")) << node.op;
    }
}

}  // namespace
}  // namespace heed::test
