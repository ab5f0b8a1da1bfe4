// Scores that are long sums, as lse shows them: nearer to f64 than one sum in f32. On every instruction set of this
// machine.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "heed/heed.h"

namespace heed {
namespace {

constexpr int batches = 50, terms = 64;

struct Batch : axis<"batch", batches> {};
struct Seq : axis<"seq"> {};
struct Key : axis<"key", 1> {};
struct Value : axis<"value", 16> {};
struct Known : axis<"known", terms> {};
struct Unknown : axis<"unknown"> {};

constexpr auto products(Tensor<f32, Batch, Seq, Unknown> q, Tensor<f32, Batch, Key, Unknown> k,
                        Tensor<f32, Batch, Key, Value> v) {
  auto scores = contract<Unknown>(q, k);
  return results(contract<Key>(softmax<Key>(scores), v), logsumexp<Key>(scores));
}
constexpr auto productsGraph = trace<products>("q", "k", "v");

constexpr auto distances(Tensor<f32, Batch, Seq, Known> q, Tensor<f32, Batch, Key, Known> k,
                         Tensor<f32, Batch, Key, Value> v) {
  auto apart = along<Key>(q) - k;
  auto scores = sum<Known>(apart * apart);
  return results(contract<Key>(softmax<Key>(scores), v), logsumexp<Key>(scores));
}
constexpr auto distancesGraph = trace<distances>("q", "k", "v");

/// lse of one key is its score. Numbers are positive, so that terms are; few rows have a kernel of their own.
void check(const auto& graph, int rows, auto q, auto k, auto term) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  q.fill([&](auto...) { return std::fabs(normal(random)); });
  k.fill([&](auto...) { return std::fabs(normal(random)); });
  for (std::string target : {"cpu:baseline", "cpu:avx2", "cpu"}) {
    if (target == "cpu:avx2" && !(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))) continue;
    auto run = jit(graph, {.target = parseTarget(target)});
    EXPECT_EQ(run.executable().statistics.kernels, 1);
    auto [out, lse] = run(q, k, Array<f32, Batch, Key, Value>());
    double ours = 0, oneSum = 0;
    for (int b = 0; b < batches; ++b)
      for (int i = 0; i < rows; ++i) {
        double want = 0;
        float sum = 0;
        for (int d = 0; d < terms; ++d)
          want += term(double(q(b, i, d)), double(k(b, 0, d))), sum += term(q(b, i, d), k(b, 0, d));
        ours += std::pow(lse(b, i) - want, 2), oneSum += std::pow(sum - want, 2);
      }
    EXPECT_LE(std::sqrt(ours), .75 * std::sqrt(oneSum)) << target << ", " << rows << " rows";
  }
}

TEST(LongSums, OfProductsAreMadeInParts) {
  for (int rows : {2, 20})
    check(productsGraph, rows, Array<f32, Batch, Seq, Unknown>(rows, terms), Array<f32, Batch, Key, Unknown>(terms),
          [](auto x, auto y) { return x * y; });
}

TEST(LongSums, OfDistancesAreMadeInParts) {
  for (int rows : {2, 20})
    check(distancesGraph, rows, Array<f32, Batch, Seq, Known>(rows), Array<f32, Batch, Key, Known>(),
          [](auto x, auto y) { return (x - y) * (x - y); });
}

}  // namespace
}  // namespace heed
