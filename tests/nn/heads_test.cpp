// Attention with heads: one, side by side, split, grouped, shared; and what newer models add. One set of loops for all.
#include <gtest/gtest.h>

#include <complex>

#include "loops.h"

namespace heed::test {
namespace {

struct Kv : axis<"kv", 3> {};
struct Group : axis<"group", 2> {};
constexpr int depth = 8, model = 24;

struct Variant {
  int heads = 1, keyHeads = 1;
  bool causal = false, biased = false, projected = true, rotary = false, normed = false, sinks = false, alibi = false;
  double cap = 0;
  int window = 1 << 20;
};

/// Row (h, d) of a projection applied to token t.
double project(const Given& in, const std::string& name, bool biased, int b, int t, int row) {
  double sum = biased ? in["attn." + name + ".bias"].data[std::size_t(row)] : 0;
  for (int m = 0; m < model; ++m)
    sum += in["attn." + name + ".weight"].data[std::size_t(row * model + m)] * in["x"](b, t, m);
  return sum;
}

/// A query or key: projected, normalised, turned.
std::vector<double> side(const Given& in, const Variant& v, const std::string& name, int b, int t, int h) {
  std::vector<double> y;
  for (int d = 0; d < depth; ++d) y.push_back(project(in, name, v.biased, b, t, h * depth + d));
  double square = 0;
  for (double n : y) square += n * n / depth;
  if (v.normed)
    for (int d = 0; d < depth; ++d)
      y[std::size_t(d)] *= in["attn." + name + "_norm.weight"](d) / std::sqrt(square + 1e-6);
  for (int n = 0; v.rotary && n < depth / 2; ++n) {
    double &re = y[std::size_t(n)], &im = y[std::size_t(n + depth / 2)];
    auto turned = std::complex(re, im) * std::polar(1., t * std::pow(10000., -2. * n / depth));
    re = turned.real(), im = turned.imag();
  }
  return y;
}

Meaning attention(const Variant& v) {
  return [=](const Given& in) {
    const Values& x = in["x"];
    int batch = x.extent(0), seq = x.extent(1), width = v.projected ? model : v.heads * depth;
    Values y({batch, seq, width});
    for (int b = 0; b < batch; ++b)
      for (int h = 0; h < v.heads; ++h) {
        int kv = h / (v.heads / v.keyHeads);
        for (int i = 0; i < seq; ++i) {
          std::vector<double> q = side(in, v, "q", b, i, h), s;
          for (int j = 0; j < seq; ++j) {
            std::vector<double> k = side(in, v, "k", b, j, kv);
            double score = 0;
            for (int d = 0; d < depth; ++d) score += q[std::size_t(d)] * k[std::size_t(d)] / std::sqrt(1. * depth);
            if (v.cap > 0) score = v.cap * std::tanh(score / v.cap);
            if (v.alibi) score += std::pow(2., h < 4 ? -8. * (h + 1) / 4 : -4. * (2 * (h - 4) + 1) / 4) * (j - i);
            s.push_back((v.causal && j > i) || i - j >= v.window ? -INFINITY : score);
          }
          if (v.sinks) s.push_back(in["attn.sinks"].data[std::size_t(h)]);
          std::vector<double> p = softmaxOf(s);
          for (int d = 0; d < depth; ++d) {
            double o = 0;
            for (int j = 0; j < seq; ++j) o += p[std::size_t(j)] * project(in, "v", v.biased, b, j, kv * depth + d);
            int row = h * depth + d;
            if (!v.projected) y(b, i, row) = o;
            for (int m = 0; v.projected && m < model; ++m)
              y(b, i, m) += in["attn.out.weight"].data[std::size_t(m * v.heads * depth + row)] * o +
                            (v.biased && row == 0 ? in["attn.out.bias"](m) : 0);
          }
        }
      }
    return std::vector{y};
  };
}

template <class Attn, class Out = Model>
struct Self {
  Attn attn;
  constexpr Tensor<f32, Batch, Seq, Out> operator()(X x) const { return attn(x); }
};
template <class Attn, class Out = Model>
struct Causal {
  Attn attn;
  constexpr Tensor<f32, Batch, Seq, Out> operator()(X x) const { return attn(x, variants::causal<Seq, Key>()); }
};

TEST(Heads, Single) {
  static constexpr auto self = trace(Self<nn::SingleHeadAttention<Model, Depth, Key>, Depth>{}, "x");
  static constexpr auto causal = trace(Causal<nn::SingleHeadAttention<Model, Depth, Key>, Depth>{}, "x");
  expectMeaning(self, sizes, attention({.projected = false}));
  expectMeaning(causal, sizes, attention({.causal = true, .projected = false}));
}

TEST(Heads, Concatenated) {
  static constexpr auto g = trace(Causal<nn::ConcatenatedHeads<Model, Heads, Depth, Key>>{}, "x");
  expectMeaning(g, sizes, attention({.heads = 3, .keyHeads = 3, .causal = true, .projected = false}));
}

TEST(Heads, SplitWithOutputProjection) {
  static constexpr auto g = trace(Causal<nn::MultiHeadAttention<Model, Heads, Depth, Key>>{}, "x");
  expectMeaning(g, sizes, attention({.heads = 3, .keyHeads = 3, .causal = true, .biased = true}));
}

TEST(Heads, GroupedAndShared) {
  static constexpr auto grouped = trace(Causal<nn::GroupedQueryAttention<Model, Kv, Group, Depth, Key>>{}, "x");
  static constexpr auto shared = trace(Self<nn::MultiQueryAttention<Model, Heads, Depth, Key>>{}, "x");
  expectMeaning(grouped, sizes, attention({.heads = 6, .keyHeads = 3, .causal = true}));
  expectMeaning(shared, sizes, attention({.heads = 3, .keyHeads = 1}));
}

using Llama = nn::GroupedQueryAttention<Model, Kv, Group, Depth, Key, nn::Rotary<Depth>>;
using Qwen = nn::GroupedQueryAttention<Model, Kv, Group, Depth, Key, nn::Rotary<Depth>, nn::RMSNorm<Depth>>;

TEST(Heads, RotaryAndNormedQueries) {
  static constexpr auto llama = trace(Causal<Llama>{}, "x");
  static constexpr auto qwen = trace(Causal<Qwen>{}, "x");
  static_assert(qwen.parameter("attn.q_norm.weight") == 4 && qwen.parameter("attn.k_norm.weight") == 5);
  expectMeaning(llama, sizes, attention({.heads = 6, .keyHeads = 3, .causal = true, .rotary = true}));
  expectMeaning(qwen, sizes, attention({.heads = 6, .keyHeads = 3, .causal = true, .rotary = true, .normed = true}));
}

struct Oss {  // gpt-oss: sinks, biases, rotary positions, a window
  nn::GroupedQueryAttention<Model, Kv, Group, Depth, Key, nn::Rotary<Depth>, nn::None, Tensor<f32, Kv, Group>,
                            nn::Linear>
      attn;
  constexpr X operator()(X x) const { return attn(x, variants::slidingWindow<Seq, Key>(9)); }
};

TEST(Heads, SinksBiasesAndWindow) {
  static constexpr auto g = trace(Oss{}, "x");
  static_assert(g.parameter("attn.sinks") == 8);
  Variant oss{.heads = 6, .keyHeads = 3, .causal = true, .biased = true, .rotary = true, .sinks = true, .window = 9};
  Explained sinks = expectMeaning(g, sizes, attention(oss));
  EXPECT_EQ(sinks.kernels, 1) << sinks.text;
  EXPECT_EQ(sinks.text.find("not fused: `softmax`"), std::string::npos) << sinks.text;
}

struct Gemma {
  nn::GroupedQueryAttention<Model, Kv, Group, Depth, Key> attn{.cap = 1.5};
  constexpr X operator()(X x) const { return attn(x, variants::causal<Seq, Key>()); }
};

TEST(Heads, Softcap) {
  static constexpr auto g = trace(Gemma{}, "x");
  expectMeaning(g, sizes, attention({.heads = 6, .keyHeads = 3, .causal = true, .cap = 1.5}));
}

struct Six : axis<"six", 6> {};
struct Bloom {
  struct Attention {
    nn::Linear<Model, axes<Six, Depth>> q, k, v;
    nn::Linear<axes<Six, Depth>, Model> out;
    constexpr X operator()(X x) const {
      auto s = contract<Depth>(q(x), rename<Seq, Key>(k(x))) * rsqrt(Depth::size);
      s = s + variants::alibi<Seq, Key>(variants::alibiSlopes<Six>());
      return out(nn::attend<Key>(where(variants::causal<Seq, Key>(), s, -inf), rename<Seq, Key>(v(x))));
    }
  } attn;
  constexpr X operator()(X x) const { return attn(x); }
};

TEST(Heads, Alibi) {
  static constexpr auto g = trace(Bloom{}, "x");
  expectMeaning(g, sizes, attention({.heads = 6, .keyHeads = 6, .causal = true, .biased = true, .alibi = true}));
}

}  // namespace
}  // namespace heed::test
