// Mixture of experts against loops that sort the router's logits; with ties.
#include <gtest/gtest.h>

#include <numeric>

#include "loops.h"

namespace heed::test {
namespace {

struct Experts : axis<"experts", 6> {};

struct Net {
  nn::MixtureOfExperts<Model, Hidden, Experts, 2> moe;
  constexpr X operator()(X x) const { return moe(x); }
};
struct Tied {  // a router that sees nothing has no favourite: the first two experts
  nn::MixtureOfExperts<Model, Hidden, Experts, 2> moe;
  constexpr X operator()(X x) const { return moe(x * 0); }
};
constexpr auto graph = trace(Net{}, "x");
constexpr auto tied = trace(Tied{}, "x");

double dot(const Values& w, int e, int row, const std::vector<double>& x) {
  double sum = 0;
  for (std::size_t m = 0; m < x.size(); ++m) sum += w(e, row, int(m)) * x[m];
  return sum;
}

/// What the two best experts make of one token.
std::vector<double> token(const Given& in, const std::vector<double>& x) {
  std::vector<double> logits(6, 0), y(24, 0);
  for (int e = 0; e < 6; ++e)
    for (int m = 0; m < 24; ++m) logits[std::size_t(e)] += in["moe.router.weight"](e, m) * x[std::size_t(m)];
  std::vector<int> order(6);
  std::iota(order.begin(), order.end(), 0);
  auto better = [&](int a, int b) { return logits[std::size_t(a)] > logits[std::size_t(b)]; };
  std::stable_sort(order.begin(), order.end(), better);
  std::vector<double> share = softmaxOf({logits[std::size_t(order[0])], logits[std::size_t(order[1])]});
  for (int n = 0; n < 2; ++n) {
    int e = order[std::size_t(n)];
    std::vector<double> inner;
    for (int h = 0; h < 40; ++h) {
      double gate = dot(in["moe.gate"], e, h, x);
      inner.push_back(gate / (1 + std::exp(-gate)) * dot(in["moe.up"], e, h, x));
    }
    for (int m = 0; m < 24; ++m) y[std::size_t(m)] += share[std::size_t(n)] * dot(in["moe.down"], e, m, inner);
  }
  return y;
}

Meaning mixture() {
  return [](const Given& in) {
    return eachRow(in, in["x"], [&](const Loops&, int b) {
      Rows rows = rowOf(in["x"], b);
      for (auto& row : rows) row = token(in, row);
      return rows;
    });
  };
}

TEST(MixtureOfExperts, ChoosesTheBestTwo) {
  Explained explained = expectMeaning(graph, sizes, mixture());
  EXPECT_EQ(explained.kernels, 0) << "experts are no keys: " << explained.text;
}

TEST(MixtureOfExperts, ChoosesTheFirstOfEquals) {
  expectMeaning(tied, sizes, [](const Given& in) { return std::vector{Values(in["x"].extents)}; });
}

}  // namespace
}  // namespace heed::test
