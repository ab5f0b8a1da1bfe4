// Relative position bias against the formula with logarithms, beyond the furthest distance, and inside of attention.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "axes.h"

namespace heed::test {
namespace {

struct Buckets : axis<"buckets", 16> {};
using Bias = Tensor<f32, Heads, Seq, Key>;

template <bool Causal>
struct Plain {
  nn::RelativeBias<Seq, Key, Buckets, Heads> bias{.causal = Causal, .furthest = 32};
  constexpr Bias operator()(Tensor<f32, Seq> x) const { return bias() + x; }
};

int bucket(int distance, bool causal, int count, int furthest) {
  int first = 0;
  if (!causal) {
    count /= 2;
    first = distance > 0 ? count : 0;
  }
  const int n = causal ? std::max(-distance, 0) : std::abs(distance), exact = count / 2;
  if (n < exact) return first + n;
  const double far = std::log(double(n) / exact) / std::log(double(furthest) / exact) * (count - exact);
  return first + std::min(exact + int(far + 1e-9), count - 1);
}

Meaning biasOf(bool causal) {
  return [=](const Given& in) {
    const int n = in["x"].extent(0);
    Values y({3, n, n});
    for (int h = 0; h < 3; ++h)
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j) y(h, i, j) = in["x"](i) + in["bias.weight"](bucket(j - i, causal, 16, 32), h);
    return std::vector{y};
  };
}

TEST(RelativeBias, IsThatOfTheBucket) {
  static constexpr auto both = trace(Plain<false>{}, "x");
  static constexpr auto before = trace(Plain<true>{}, "x");
  expectMeaning(both, {{{"seq", 7}}, {{"seq", 83}}}, biasOf(false));
  expectMeaning(before, {{{"seq", 7}}, {{"seq", 83}}}, biasOf(true));
}

struct Attention {
  nn::RelativeBias<Seq, Key, Buckets, Heads> bias;
  using Q = Tensor<f32, Batch, Heads, Seq, Depth>;
  constexpr Q operator()(Q q) const {
    auto keys = rename<Seq, Key>(q);
    return nn::attend<Key>(contract<Depth>(q, keys) + bias(), keys);
  }
};

TEST(RelativeBias, IsPartOfTheKernel) {
  static constexpr auto g = trace(Attention{}, "q");
  auto meaning = [](const Given& in) {
    const Values& q = in["q"];
    Values y(q.extents);
    const int n = q.extent(2);
    for (int b = 0; b < q.extent(0); ++b)
      for (int h = 0; h < 3; ++h)
        for (int i = 0; i < n; ++i) {
          double sum = 0;
          for (int j = 0; j < n; ++j) {
            double score = in["bias.weight"](bucket(j - i, false, 16, 128), h);
            for (int d = 0; d < 8; ++d) score += q(b, h, i, d) * q(b, h, j, d);
            sum += std::exp(score);
            for (int d = 0; d < 8; ++d) y(b, h, i, d) += std::exp(score) * q(b, h, j, d);
          }
          for (int d = 0; d < 8; ++d) y(b, h, i, d) /= sum;
        }
    return std::vector{y};
  };
  const Explained said = expectMeaning(g, {{{"batch", 2}, {"seq", 37}}, {{"batch", 1}, {"seq", 150}}}, meaning);
  EXPECT_EQ(said.kernels, 1);
  EXPECT_EQ(said.text.find("reads a tensor of"), std::string::npos) << said.text;
}

}  // namespace
}  // namespace heed::test
