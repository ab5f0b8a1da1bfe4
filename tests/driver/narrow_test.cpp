// Attention on bf16 and f16: one kernel, no less exact than the formula evaluated op by op in that type (DESIGN §5).
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "heed/heed.h"
#include "heed/runtime/processor.h"

namespace heed {
namespace {

struct Batch : axis<"batch"> {};
struct Heads : axis<"heads", 3> {};
struct Seq : axis<"seq"> {};
struct Key : axis<"key"> {};
struct Depth : axis<"depth", 40> {};
template <class T>
using Q = Tensor<T, Batch, Heads, Seq, Depth>;
template <class T>
using K = Tensor<T, Batch, Key, Depth>;

template <class T>
constexpr Q<T> causal(Q<T> q, K<T> k, K<T> v) {
  auto scores = contract<Depth>(q, k) * rsqrt(Depth::size);
  return contract<Key>(softmax<Key>(where(index<Key>() <= index<Seq>(), scores, -inf)), v);
}

/// The same, each result of an op kept as a T; a T of double is the truth.
template <class T, class A, class B>
std::vector<double> byHand(const A& q, const B& k, const B& v, int heads, int seq, int keys) {
  auto kept = [](double x) { return double(static_cast<float>(T(static_cast<float>(x)))); };
  constexpr bool exact = std::is_same_v<T, double>;
  auto keep = [&](double x) {
    if constexpr (exact)
      return x;
    else
      return kept(x);
  };
  std::vector<double> out;
  const double scale = 1 / std::sqrt(40.);
  for (int h = 0; h < heads; ++h)
    for (int i = 0; i < seq; ++i) {
      std::vector<double> p(keys);
      double most = -INFINITY, sum = 0;
      for (int j = 0; j < keys && j <= i; ++j) {
        double s = 0;
        for (int d = 0; d < 40; ++d) s += double(float(q(0, h, i, d))) * double(float(k(0, j, d)));
        p[j] = keep(keep(s) * keep(scale));
        most = std::max(most, p[j]);
      }
      for (int j = 0; j < keys && j <= i; ++j) sum += p[j] = std::exp(p[j] - most);
      for (int d = 0; d < 40; ++d) {
        double o = 0;
        for (int j = 0; j < keys && j <= i; ++j) o += keep(p[j] / sum) * double(float(v(0, j, d)));
        out.push_back(exact ? o : keep(o));
      }
    }
  return out;
}

template <class T>
class Narrow : public ::testing::Test {};
using Types = ::testing::Types<bf16, f16>;
TYPED_TEST_SUITE(Narrow, Types);

template <class T>
void expectNoLessExactThanOpByOp(const std::string& features) {
  static constexpr auto graph = trace<causal<T>>("q", "k", "v");
  auto run = jit(graph, {.target = cpu(features)});
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  for (auto [seq, keys] : {std::pair(1, 1), std::pair(33, 33), std::pair(130, 200), std::pair(70, 17)}) {
    Array<T, Batch, Heads, Seq, Depth> q(1, seq);
    Array<T, Batch, Key, Depth> k(1, keys), v(1, keys);
    for (auto* x : {&k, &v})
      for (auto& e : x->span()) e = element_of<T>(normal(random));
    for (auto& e : q.span()) e = element_of<T>(normal(random));
    Array<T, Batch, Heads, Seq, Depth> o = run(q, k, v);
    auto truth = byHand<double>(q, k, v, 3, seq, keys);
    auto naive = byHand<element_of<T>>(q, k, v, 3, seq, keys);
    double worst = 0, square = 0, worstNaive = 0, squareNaive = 0;
    for (std::size_t n = 0; n < truth.size(); ++n) {
      double error = std::abs(double(float(o.span()[n])) - truth[n]), other = std::abs(naive[n] - truth[n]);
      worst = std::max(worst, error), square += error * error;
      worstNaive = std::max(worstNaive, other), squareNaive += other * other;
    }
    EXPECT_LE(worst, 1.1 * worstNaive) << seq << " x " << keys;
    EXPECT_LE(std::sqrt(square), 1.1 * std::sqrt(squareNaive)) << seq << " x " << keys;
  }
}

TYPED_TEST(Narrow, AttentionIsNoLessExactThanOpByOp) { expectNoLessExactThanOpByOp<TypeParam>(""); }

TYPED_TEST(Narrow, AttentionByPairsIsNoLessExactThanOpByOp) {
  if (!processorRuns("cpu:avx512bf16")) GTEST_SKIP() << "this CPU has no avx512bf16";
  expectNoLessExactThanOpByOp<TypeParam>("avx512bf16");
}

TYPED_TEST(Narrow, AttentionByMatricesIsNoLessExactThanOpByOp) {
  if (!processorRuns("cpu:amx")) GTEST_SKIP() << "this CPU has no matrix registers for bf16";
  expectNoLessExactThanOpByOp<TypeParam>("amx");
}

TEST(Narrow, ExplainsOneKernel) {
  static constexpr auto graph = trace<causal<bf16>>("q", "k", "v");
  std::string text = compile(graph, {.explain = true})->explanation;
  EXPECT_EQ(text.rfind("kernel 1: one fused attention kernel", 0), 0u) << text;
  EXPECT_EQ(text.find("kernel 2"), std::string::npos) << text;
}

/// Of two large results the difference is small: rounded one by one they would leave little of it.
template <class T>
constexpr Q<T> difference(Q<T> q, K<T> k, K<T> l, K<T> v) {
  auto weights = [&](K<T> keys) { return softmax<Key>(contract<Depth>(q, keys) * rsqrt(Depth::size)); };
  return contract<Key>(weights(k) - weights(l), v);
}

TYPED_TEST(Narrow, DifferencesOfAttentionsAreRoundedOnce) {
  using T = TypeParam;
  static constexpr auto graph = trace<difference<T>>("q", "k", "l", "v");
  EXPECT_EQ(compile(graph)->statistics.kernels, 2);
  setenv("HEED_VERIFY", "1", 1);
  std::mt19937 random(7);
  for (const std::string features : {"amx", "avx512bf16", "avx512", "avx2", "baseline"})
    for (auto [keys, mean] : {std::pair(2, 0.f), {33, 10.f}, {300, 100.f}}) {
      if (!processorRuns("cpu:" + features)) continue;
      auto run = jit(graph, {.target = cpu(features)});
      Array<T, Batch, Heads, Seq, Depth> q(2, 50);
      Array<T, Batch, Key, Depth> k(2, keys), l(2, keys), v(2, keys);
      std::normal_distribution<float> normal, far(mean);
      for (auto& e : q.span()) e = element_of<T>(normal(random));
      for (auto* x : {&k, &l})
        for (auto& e : x->span()) e = element_of<T>(normal(random));
      for (auto& e : v.span()) e = element_of<T>(far(random));
      EXPECT_NO_THROW(run(q, k, l, v)) << features << " " << mean;
    }
  unsetenv("HEED_VERIFY");
}

}  // namespace
}  // namespace heed
