// Modules: parameters and their paths, the scope of every node, Repeat, and the shipped layers.
#include <gtest/gtest.h>

#include "model.h"

namespace heed::test {
namespace {

constexpr auto causal = index<Key>() <= index<Seq>();

struct Mha {  // a module of the user's own: its scope is found without a word of his
  nn::Linear<Model, axes<Heads, Depth>> q, k, v;
  nn::Linear<axes<Heads, Depth>, Model> out;
  constexpr X operator()(X x) const {
    auto y = rename<Seq, Key>(x);
    auto s = contract<Depth>(q(x), k(y)) * rsqrt(Depth::size);
    return out(contract<Key>(softmax<Key>(s), v(y)));
  }
};
struct Block {
  nn::LayerNorm<Model> ln_1;
  Mha attn;
  nn::LayerNorm<Model> ln_2;
  nn::FeedForward<Model, Hidden> mlp;
  constexpr X operator()(X x) const {
    x = x + attn(ln_1(x));
    return x + mlp(ln_2(x));
  }
};
struct Gpt {
  nn::Embedding<Vocab, Model> wte;
  nn::Embedding<Pos, Model> wpe;
  Repeat<12, Block> layers;
  nn::LayerNorm<Model> ln_f;
  constexpr Tensor<f32, Batch, Seq, Vocab> operator()(Tensor<i32, Batch, Seq> ids) const {
    auto x = (wte(ids) + wpe(position<Seq>())) | layers | ln_f;
    return contract<Model>(x, wte.weight);
  }
};
constexpr auto gpt = trace(Gpt{}, "ids");
static_assert(gpt.count(op::softmax) == 1 && gpt.count(op::param) == 20);
static_assert(gpt.parameter("wte.weight") == 0);
static_assert(gpt.parameter("layers.{i}.attn.q.weight") == 4 && gpt.parameter("layers.11.attn.q.weight") == 4);
static_assert(gpt.parameter("ln_f.bias") == 19);

TEST(Module, ParametersFollowTheFields) {
  std::vector<std::string> paths;
  GraphView g = gpt;
  for (const tape::Node& node : g.nodes)
    if (node.op == op::param) paths.push_back(scopePath(g, node.scope));
  ASSERT_EQ(paths.size(), 20u);
  EXPECT_EQ(paths[2], "layers.{i}.ln_1.weight");
  EXPECT_EQ(paths[10], "layers.{i}.attn.out.weight");
  EXPECT_EQ(paths[17], "layers.{i}.mlp.down.bias");
  EXPECT_EQ(typeOf(g, op::param), "f32[vocab, model]");
}

TEST(Module, PathsThatAreNone) {
  GraphView g = gpt;
  for (const char* path :
       {"", "wte", "layers.12.ln_1.weight", "layers.ln_1.weight", "layers.-1.ln_1.weight", "layers..ln_1.weight",
        "layers.99999999999999999999.ln_1.weight", "xwte.weight", ".wte.weight"})
    EXPECT_THROW(lang::parameterAt(g, path), Mistake) << path;
  EXPECT_EQ(lang::parameterAt(g, "layers.0.ln_1.weight"), 2);
}

TEST(Module, EveryNodeKnowsItsModule) {
  GraphView g = gpt;
  auto scopeOf = [&](std::string_view op) { return scopePath(g, first(g, op).scope); };
  EXPECT_EQ(scopeOf(op::take), "wte");
  EXPECT_EQ(scopeOf(op::repeat), "layers.{i}");
  EXPECT_EQ(scopeOf(op::mean), "layers.{i}.ln_1");
  EXPECT_EQ(scopeOf(op::softmax), "layers.{i}.attn");  // between attn.v and attn.out
  EXPECT_EQ(scopeOf(op::erf), "layers.{i}.mlp");
  EXPECT_EQ(scopeOf(op::input), "");
}

TEST(Module, LinesAreTheUsersEvenInsideShippedLayers) {
  GraphView g = gpt;
  for (const tape::Node& node : g.nodes) {
    if (node.op == op::input || node.op == op::param || node.op == op::return_) continue;
    EXPECT_TRUE(std::string_view(node.place.file).ends_with("module_test.cpp")) << toText(g, node);
  }
}

TEST(Repeat, BracketsItsBody) {
  GraphView g = gpt;
  const tape::Node& repeat = first(g, op::repeat);
  const tape::Node& yield = first(g, op::yield);
  EXPECT_EQ(g.attributes[repeat.attributes.begin].name, "count");
  EXPECT_EQ(g.attributes[repeat.attributes.begin].integer, 12);
  EXPECT_EQ(repeat.operands.count, 1u);
  EXPECT_EQ(repeat.results.count, 1u);
  EXPECT_EQ(yield.operands.count, 1u);
  EXPECT_EQ(g.values[yield.results.begin].type, g.values[repeat.results.begin].type);
  EXPECT_LT(repeat.results.begin, g.operands[yield.operands.begin]);
}

struct Two {
  nn::LinearNoBias<Model, Hidden> up;
  constexpr auto operator()(X x, Tensor<f32, Batch> m, Tensor<f32, Batch> always) const {
    return results(X(x * always), Tensor<f32, Batch>(m + sum<Seq, Hidden>(up(x))));
  }
};
struct Pair {
  Repeat<3, Two> layers;
  constexpr auto operator()(X x, Tensor<f32, Batch> m) const { return layers(x, m, m); }
};

TEST(Repeat, TakesSeveralCarriesAndConstants) {
  static constexpr auto g = trace(Pair{}, "x", "m");
  EXPECT_EQ(first(g, op::repeat).operands.count, 2u);
  EXPECT_EQ(first(g, op::repeat).results.count, 2u);
  EXPECT_EQ(first(g, op::yield).results.count, 2u);
  EXPECT_EQ(first(g, op::return_).operands.count, 2u);
  auto lines = body(g);
  EXPECT_EQ(lines[0], "%3, %4 = repeat %0 %1 count=3 : f32[batch, seq, model], f32[batch] @layers.{i}");
  EXPECT_EQ(lines[1], "%5 = mul %3 %1 : f32[batch, seq, model] @layers.{i}");  // %1: `always` is no carry
}

struct Nested {
  Repeat<2, Repeat<3, nn::LayerNorm<Model>>> layers;
  constexpr X operator()(X x) const { return layers(x); }
};
struct Unrolled {
  std::array<nn::LayerNorm<Model>, 12> layers;
  constexpr X operator()(X x) const {
    for (const auto& layer : layers) x = layer(x);
    return x;
  }
};

TEST(Repeat, Nests) {
  static constexpr auto g = trace(Nested{}, "x");
  EXPECT_EQ(scopePath(g, first(g, op::param).scope), "layers.{i}.{i}.weight");
  EXPECT_EQ(g.count(op::repeat), 2);
  static_assert(g.parameter("layers.1.2.bias") == 1);
  EXPECT_THROW(lang::parameterAt(g, "layers.2.1.bias"), Mistake);
}

TEST(Module, ArraysOfModulesAreNumbered) {
  static constexpr auto g = trace(Unrolled{}, "x");
  static_assert(g.parameter("layers.11.bias") == 23);
  EXPECT_EQ(g.count(op::rsqrt), 12);
}

TEST(Nn, ShippedAttentionIsTheFormula) {
  struct Self {
    nn::MultiHeadAttention<Model, Heads, Depth, Key> attn;
    constexpr X operator()(X x) const { return attn(x, causal); }
  };
  static constexpr auto g = trace(Self{}, "x");
  EXPECT_EQ(g.count(op::contract), 6);
  EXPECT_EQ(g.count(op::where), 1);
  EXPECT_EQ(typeOf(g, op::softmax), "f32[batch, seq, heads, key]");
  struct Cross {
    nn::MultiHeadAttention<Model, Heads, Depth, Mem> attn;
    constexpr X operator()(X x, Tensor<f32, Batch, Mem, Model> memory, Tensor<i32, Batch> length) const {
      return attn(x, memory, index<Mem>() < length);
    }
  };
  static constexpr auto h = trace(Cross{}, "x", "memory", "length");
  EXPECT_EQ(h.count(op::rename), 0);
  EXPECT_EQ(typeOf(h, op::softmax), "f32[batch, seq, heads, mem]");
}

TEST(Nn, RmsNormAndBiasFreeLinear) {
  struct Net {
    nn::RMSNorm<Model> norm;
    nn::LinearNoBias<Model, Hidden> up;
    constexpr auto operator()(X x) const { return up(norm(x)); }
  };
  static constexpr auto g = trace(Net{}, "x");
  EXPECT_EQ(g.count(op::param), 2);
  EXPECT_EQ(g.count(op::sub), 0);
  EXPECT_EQ(typeOf(g, op::contract), "f32[batch, seq, hidden]");
}

}  // namespace
}  // namespace heed::test
