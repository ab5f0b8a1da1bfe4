// Attention where scores are large: finite fills of any size, one key far above the rest, and offsets that softmax does
// not see. On every instruction set of this machine.
#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <numeric>
#include <random>

#include "heed/heed.h"

namespace heed {
namespace {

struct Seq : axis<"seq"> {};
struct Key : axis<"key"> {};
struct One : axis<"one", 1> {};
struct Value : axis<"value", 5> {};

/// Scores are q * k, so that a test can choose each.
constexpr auto attend(Tensor<f32, Seq, One> q, Tensor<f32, Key, One> k, Tensor<f32, Key, Value> v) {
  auto scores = contract<One>(q, k);
  return results(contract<Key>(softmax<Key>(scores), v), logsumexp<Key>(scores));
}
constexpr auto graph = trace<attend>("q", "k", "v");

std::vector<std::string> targets() {
  std::vector<std::string> names{"cpu:baseline", "cpu"};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) names.push_back("cpu:avx2");
  return names;
}

/// Few rows have a kernel of their own, which splits the keys.
void check(const std::vector<float>& scores, double tolerance, int rows) {
  int keys = int(scores.size());
  Array<f32, Seq, One> q(rows);
  Array<f32, Key, One> k(keys);
  Array<f32, Key, Value> v(keys);
  q.fill([](auto i, auto) { return i % 2 ? -1.f : 1.f; });
  k.fill([&](auto j, auto) { return scores[std::size_t(j)]; });
  v.fill([](auto j, auto d) { return float((7 * j + 3 * d) % 11) - 5; });
  for (const std::string& target : targets()) {
    auto run = jit(graph, {.target = parseTarget(target)});
    EXPECT_EQ(run.executable().statistics.kernels, 1);
    auto [out, lse] = run(q, k, v);
    for (int i = 0; i < 2; ++i) {
      double most = -INFINITY, sum = 0;
      for (float s : scores) most = std::max(most, double(q(i, 0)) * s);
      std::vector<double> weight;
      for (float s : scores) sum += weight.emplace_back(std::exp(double(q(i, 0)) * s - most));
      for (int d = 0; d < 5; ++d) {
        double want = 0;
        for (int j = 0; j < keys; ++j) want += weight[std::size_t(j)] / sum * v(j, d);
        ASSERT_NEAR(out(i, d), want, 5 * tolerance) << target << ", row " << i << ", first score " << scores[0];
      }
      double want = most + std::log(sum);
      ASSERT_NEAR(lse(i), want, 1e-5 + 3e-7 * std::abs(want)) << target << ", row " << i << ", first score " << scores[0];
    }
  }
}

void check(const std::vector<float>& scores, double tolerance) {
  for (int rows : {2, 20}) check(scores, tolerance, rows);
}

TEST(LargeScores, ARowFilledThroughoutIsTheMean) {
  for (float fill : {-1e4f, -1e9f, -2e9f, -1e10f, -1e20f, -1e30f, -FLT_MAX, FLT_MAX})
    for (int keys : {1, 10, 300}) check(std::vector<float>(std::size_t(keys), fill), 2e-6);
}

TEST(LargeScores, OneKeyFarAboveTheRest) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  for (float one : {1e6f, 3e8f, 5e8f, 0x1p29f, 6e8f, 5e9f, 1.6e11f, 1e20f, 3e38f})
    for (std::size_t where : {0, 5, 299, 1500}) {
      std::vector<float> scores(where < 300 ? 300 : 2500);
      for (float& s : scores) s = normal(random);
      scores[where] = one;
      check(scores, 2e-6);
    }
}

TEST(LargeScores, NeighboursWhereFloatsAreCoarse) {
  for (float most : {0x1p20f, 0x1p24f, 0x1p28f, 0x1p29f, 0x1p30f, 0x1p40f})
    for (bool rising : {false, true}) {
      std::vector<float> scores(200, most);
      for (std::size_t j = 1; j < scores.size(); ++j) scores[j] = std::nextafter(scores[j - 1], j % 3 ? 0 : INFINITY);
      if (rising) std::reverse(scores.begin(), scores.end());
      check(scores, 2e-6);
    }
}

TEST(LargeScores, AnOffsetOfAllChangesNothing) {
  std::mt19937 random(4);
  std::normal_distribution<float> normal;
  for (float offset : {1e2f, 1e3f, 1e4f, 1e5f, -1e5f}) {
    std::vector<float> scores(150);
    for (float& s : scores) s = offset + normal(random);
    check(scores, 2e-6);
  }
}

}  // namespace
}  // namespace heed
