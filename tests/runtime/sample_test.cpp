// Sampling: what is chosen, how often, and what a choice depends on.
#include "heed/runtime/sample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <vector>

#include "axes.h"

namespace heed::testing {
namespace {

constexpr float inf = std::numeric_limits<float>::infinity();

// The known answers of Random123, the authors' own code, for philox4x32 with 10 rounds.
TEST(Philox, knownAnswers) {
  using Words = std::array<std::uint32_t, 4>;
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}), (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

/// How often each id is chosen, over rows and steps.
std::vector<int> counts(const Sampler& sample, const std::vector<float>& logits, int rows = 50, int steps = 400) {
  std::vector<int> counts(logits.size());
  for (int row = 0; row < rows; ++row)
    for (int step = 0; step < steps; ++step) ++counts[sample(logits, row, step)];
  return counts;
}

/// Pearson's chi-square against these weights; ids of weight 0 must not be chosen.
double chiSquare(const std::vector<int>& counts, const std::vector<double>& weights) {
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  const double n = std::accumulate(counts.begin(), counts.end(), 0);
  double sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double expected = n * weights[i] / total;
    if (weights[i] == 0)
      EXPECT_EQ(counts[i], 0) << i;
    else
      sum += (counts[i] - expected) * (counts[i] - expected) / expected;
  }
  return sum;
}

const std::vector<float> logits = {0, 1, -1, 2, 0.5f, -inf, 1.5f, 0};
std::vector<double> softmax(double temperature, const std::set<int>& kept = {0, 1, 2, 3, 4, 5, 6, 7}) {
  std::vector<double> weights(logits.size());
  for (int i : kept) weights[i] = std::exp(logits[i] / temperature);
  return weights;
}

// With 6 degrees of freedom one in a thousand is above 22.5; the seeds are fixed, so that this is no chance.
TEST(Sample, choicesFollowTheSoftmaxOfTheTemperature) {
  for (std::uint64_t seed : {0, 1, 42})
    for (float temperature : {0.5f, 1.f, 3.f})
      EXPECT_LT(chiSquare(counts({.temperature = temperature, .seed = seed}, logits), softmax(temperature)), 22.5);
}

TEST(Sample, topKKeepsTheLargest) {
  EXPECT_LT(chiSquare(counts({.top_k = 3}, logits), softmax(1, {1, 3, 6})), 13.8);
  EXPECT_LT(chiSquare(counts({.top_k = 6}, logits), softmax(1, {0, 1, 3, 4, 6, 7})), 20.5);
  // Of the two zeros the lower id stays.
  EXPECT_LT(chiSquare(counts({.top_k = 5}, logits), softmax(1, {0, 1, 3, 4, 6})), 18.5);
  EXPECT_EQ(counts({.top_k = 8}, logits), counts({}, logits));
  EXPECT_EQ(counts({.top_k = 1000}, logits), counts({}, logits));
}

TEST(Sample, topPKeepsTheFewestThatReachIt) {
  // The probabilities are 0.397 of id 3, 0.241 of 6, 0.146 of 1, ...
  EXPECT_LT(chiSquare(counts({.top_p = 0.6f}, logits), softmax(1, {3, 6})), 10.9);
  EXPECT_LT(chiSquare(counts({.top_p = 0.7f}, logits), softmax(1, {1, 3, 6})), 13.8);
  EXPECT_EQ(counts({.top_p = 0.3f}, logits)[3], 20000);
  EXPECT_EQ(counts({.top_p = 1e-30f}, logits)[3], 20000);
  EXPECT_EQ(counts({.top_p = 1}, logits), counts({}, logits));
  // Of a row of equals, the lower ids.
  EXPECT_LT(chiSquare(counts({.top_p = 0.5f}, {7, 7, 7, 7}), {1, 1, 0, 0}), 10.9);
}

TEST(Sample, topPIsOfWhatTopKLeaves) {
  // Of three the probabilities are 0.507, 0.307, 0.186.
  EXPECT_LT(chiSquare(counts({.top_k = 3, .top_p = 0.8f}, logits), softmax(1, {3, 6})), 10.9);
  EXPECT_LT(chiSquare(counts({.top_k = 3, .top_p = 0.9f}, logits), softmax(1, {1, 3, 6})), 13.8);
}

TEST(Sample, greedyTakesTheLargestOfLowestId) {
  const Sampler greedy{.temperature = 0};
  EXPECT_EQ(greedy(std::vector<float>{1, 3, 3, 2}), 1);
  EXPECT_EQ(greedy(std::vector<float>{-inf, -5}), 1);
  EXPECT_EQ(greedy(std::vector<float>{-inf, 0, -0.f}), 1);
  EXPECT_EQ((Sampler{.temperature = 1e-40f}(std::vector<float>{1, 3, 2.9f})), 1);
  EXPECT_EQ((Sampler{.top_k = 1, .seed = 9}(std::vector<float>{1, 3, 3})), 1);
}

TEST(Sample, aChoiceDependsOnSeedRowAndStepAlone) {
  const Sampler sample{.seed = 5};
  std::vector<std::int32_t> forward, backward;
  for (int i = 0; i < 100; ++i) forward.push_back(sample(logits, i % 10, i));
  for (int i = 99; i >= 0; --i) backward.push_back(sample(logits, i % 10, i));
  std::reverse(backward.begin(), backward.end());
  EXPECT_EQ(forward, backward);
  EXPECT_NE(counts({.seed = 5}, logits), counts({.seed = 6}, logits));
  EXPECT_NE(counts({.seed = 5}, logits), counts({.seed = 5 + (1ull << 32)}, logits));
}

TEST(Sample, addingToAllLogitsChangesNothing) {
  std::vector<float> moved = logits;
  for (float& x : moved) x += 64;
  for (const Sampler& sample : {Sampler{}, Sampler{.top_k = 4}, Sampler{.top_p = 0.8f}})
    EXPECT_EQ(counts(sample, moved, 5), counts(sample, logits, 5));
}

TEST(Sample, logitsThatAreNone) {
  const auto said = [](std::vector<float> row) { return errorOf([&] { Sampler{.temperature = 0}(row, 7); }); };
  const std::string advice = "; check the model's input and its weights";
  EXPECT_EQ(said({0, NAN}), "sample: row 7 has NaN at id 1; a logit is a number, or -inf" + advice);
  EXPECT_EQ(said({inf, 0}), "sample: row 7 has +inf at id 0; a logit is a number, or -inf" + advice);
  EXPECT_EQ(said({-inf, -inf}), "sample: row 7 has no logit above -inf; one token at least must be possible" + advice);
  EXPECT_EQ(said({}), "sample: row 7 has 0 logits; 1 to 2^31 - 1 are required" + advice);
}

TEST(Sample, settingsOutOfRange) {
  const auto said = [](const Sampler& sample) { return errorOf([&] { sample(logits); }); };
  EXPECT_EQ(said({.temperature = -1}),
            "sample: temperature is -1.000000; 0 or more is required; 0 takes the largest logit");
  EXPECT_NE(said({.temperature = NAN}), "");
  EXPECT_EQ(said({.top_k = -1}), "sample: top_k is -1; 0 or more is required; 0 leaves all tokens");
  EXPECT_EQ(said({.top_p = 0}),
            "sample: top_p is 0.000000; more than 0 and at most 1 is required; 1 leaves all tokens");
  EXPECT_NE(said({.top_p = 1.5f}), "");
}

TEST(Sample, aTextStopsBeforeItsFirstStop) {
  const std::vector<std::int32_t> ids = {5, 7, 9, 7}, stops = {7, 8};
  EXPECT_EQ(untilStop(ids, stops).size(), 1u);
  EXPECT_EQ(untilStop(ids, {}).size(), 4u);
  EXPECT_EQ(untilStop({}, stops).size(), 0u);
}

}  // namespace
}  // namespace heed::testing
