// Attention by every score, masked or not, with weights as a result: each against loops, each one kernel.
#include <gtest/gtest.h>

#include <cmath>

#include "loops.h"

namespace heed::test {
namespace {

using Q = Tensor<f32, Batch, Seq, Depth>;
using M = Tensor<f32, Batch, Mem, Depth>;
using Score = std::function<double(const Given&, int b, int i, int j)>;

double dot(const Given& in, int b, int i, int j) {
  double sum = 0;
  for (int d = 0; d < 8; ++d) sum += in["q"](b, i, d) * in["m"](b, j, d);
  return sum;
}
double scaledDot(const Given& in, int b, int i, int j) { return dot(in, b, i, j) / std::sqrt(8.); }
double general(const Given& in, int b, int i, int j) {
  double sum = 0;
  for (int d = 0; d < 8; ++d)
    for (int e = 0; e < 8; ++e) sum += in["m"](b, j, e) * in["attn.score.weigh.weight"](e, d) * in["q"](b, i, d);
  return sum;
}
double additive(const Given& in, int b, int i, int j) {
  double sum = 0;
  for (int h = 0; h < 40; ++h) {
    double inner = in["attn.score.key.bias"](h);
    for (int d = 0; d < 8; ++d)
      inner +=
          in["attn.score.query.weight"](h, d) * in["q"](b, i, d) + in["attn.score.key.weight"](h, d) * in["m"](b, j, d);
    sum += in["attn.score.v"](h) * std::tanh(inner);
  }
  return sum;
}
double gaussian(const Given& in, int b, int i, int j) {
  double sum = 0;
  for (int d = 0; d < 8; ++d) sum += std::pow(in["q"](b, i, d) - in["m"](b, j, d), 2);
  return -sum / (2 * 0.5 * 0.5);
}

/// Context and weights of attention by `score` over the memory's first `valid` keys.
Meaning attention(const Score& score, bool padded = false, bool weights = false) {
  return [=](const Given& in) {
    const Values &q = in["q"], &m = in["m"];
    Values o(q.extents), w({q.extent(0), q.extent(1), m.extent(1)});
    for (int b = 0; b < q.extent(0); ++b)
      for (int i = 0; i < q.extent(1); ++i) {
        std::vector<double> s;
        for (int j = 0; j < m.extent(1); ++j)
          s.push_back(padded && j >= in["valid"](b) ? -INFINITY : score(in, b, i, j));
        std::vector<double> p = softmaxOf(s);
        for (int j = 0; j < m.extent(1); ++j) {
          w(b, i, j) = p[std::size_t(j)];
          for (int d = 0; d < 8; ++d) o(b, i, d) += p[std::size_t(j)] * m(b, j, d);
        }
      }
    return weights ? std::vector{o, w} : std::vector{o};
  };
}

template <class Score>
struct Cross {
  nn::ScoredAttention<Mem, Score> attn;
  constexpr Q operator()(Q q, M m) const { return attn(q, m); }
};
template <class Score>
struct Padded {
  nn::ScoredAttention<Mem, Score> attn;
  constexpr Q operator()(Q q, M m, Tensor<i32, Batch> valid) const { return attn(q, m, variants::padding<Mem>(valid)); }
};
struct Other : like<Depth, "other"> {};
struct CrossGeneral {
  nn::ScoredAttention<Mem, nn::General<Depth, Other>> attn;
  constexpr Tensor<f32, Batch, Seq, Other> operator()(Q q, Tensor<f32, Batch, Mem, Other> m) const {
    return attn(q, m);
  }
};
struct Narrow {
  nn::ScoredAttention<Mem, nn::Gaussian<Mem, Depth>> attn{.score = {.width = 0.5}};
  constexpr Q operator()(Q q, M m) const { return attn(q, m); }
};

using Bahdanau = nn::Additive<Mem, Depth, Depth, Hidden>;

constexpr auto scaled_dot = trace(Cross<nn::ScaledDot<Depth>>{}, "q", "m");
constexpr auto luong_dot = trace(Cross<nn::Dot<Depth>>{}, "q", "m");
constexpr auto luong_general = trace(CrossGeneral{}, "q", "m");
constexpr auto bahdanau = trace(Cross<Bahdanau>{}, "q", "m");
constexpr auto bahdanau_padded = trace(Padded<Bahdanau>{}, "q", "m", "valid");
constexpr auto kernel = trace(Narrow{}, "q", "m");

/// It is right, and it is one kernel.
void expectFused(const GraphView& g, const Meaning& meaning, const Checks& checks = {}) {
  Explained explained = expectMeaning(g, sizes, meaning, checks);
  EXPECT_EQ(explained.kernels, 1) << explained.text;
}

TEST(ScoredAttention, Dot) {
  expectFused(scaled_dot, attention(scaledDot));
  expectFused(luong_dot, attention(dot));
}
TEST(ScoredAttention, General) { expectFused(luong_general, attention(general)); }
TEST(ScoredAttention, Additive) {
  expectFused(bahdanau, attention(additive));
  expectFused(bahdanau_padded, attention(additive, true), {.below = {{"valid", 5}}});
}
TEST(ScoredAttention, Gaussian) { expectFused(kernel, attention(gaussian)); }

struct Weighed {
  nn::ScoredAttention<Mem, nn::ScaledDot<Depth>> attn;
  constexpr auto operator()(Q q, M m, Tensor<i32, Batch> valid) const {
    return attn.withWeights(q, m, variants::padding<Mem>(valid));
  }
};

TEST(ScoredAttention, WeightsAreAResult) {
  static constexpr auto g = trace(Weighed{}, "q", "m", "valid");
  expectMeaning(g, sizes, attention(scaledDot, true, true), {.below = {{"valid", 5}}});
}

struct Sunk {
  Tensor<f32> sink;
  constexpr Q operator()(Q q, M m, Tensor<i32, Batch> valid) const {
    auto scores = where(variants::padding<Mem>(valid), nn::ScaledDot<Depth>{}(q, m), -inf);
    return nn::attend<Mem>(scores, m, sink);
  }
};

TEST(Attend, ASinkTakesItsShare) {  // all of it where no key is valid
  static constexpr auto g = trace(Sunk{}, "q", "m", "valid");
  auto meaning = [](const Given& in) {
    std::vector<Values> o = attention(scaledDot, true)(in);
    for (int b = 0; b < o[0].extent(0); ++b)
      for (int i = 0; i < o[0].extent(1); ++i) {
        double total = 0;
        for (int j = 0; j < std::min(in["m"].extent(1), int(in["valid"](b))); ++j)
          total += std::exp(scaledDot(in, b, i, j));
        for (int d = 0; d < 8; ++d) o[0](b, i, d) *= total / (total + std::exp(in["sink"]()));
      }
    return o;
  };
  expectFused(g, meaning, {.below = {{"valid", 2}}});
}

}  // namespace
}  // namespace heed::test
