// What the language lets one write, compiled and run.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "heed/driver/heed.h"

namespace heed {
namespace {

struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Depth : axis<"depth", 8> {};
using Q = Tensor<f32, Seq, Depth>;
using K = Tensor<f32, Key, Depth>;

constexpr Q chosen(Q q, K k) {
  auto scores = contract<Depth>(q, k) * rsqrt(Depth::size);
  return contract<Key>(softmax<Key>(where(index<Key>() <= index<Seq>(), scores, -inf)), k);
}
constexpr Q added(Q q, K k) {
  auto scores = contract<Depth>(q, k);
  scores /= sqrt(8);
  scores += where(index<Key>() <= index<Seq>(), 0.f, -inf);
  return contract<Key>(softmax<Key>(scores), k);
}

TEST(Language, AMaskMayBeAdded) {
  auto where = jit(trace<chosen>("q", "k"), {.explain = true}), plus = jit(trace<added>("q", "k"), {.explain = true});
  EXPECT_EQ(plus.executable().statistics.kernels, 1) << plus.explanation();
  EXPECT_NE(plus.explanation().find("one fused attention kernel"), std::string::npos) << plus.explanation();
  Array<f32, Seq, Depth> q(37);
  Array<f32, Key, Depth> k(37);
  q.fill([](auto i, auto d) { return std::sin(float(3 * i + d)); });
  k.fill([](auto j, auto d) { return std::cos(float(j + 5 * d)); });
  auto want = where(q, k), got = plus(q, k);
  for (int i = 0; i < 37; ++i)
    for (int d = 0; d < 8; ++d) EXPECT_NEAR(got(i, d), want(i, d), 1e-6) << i << ' ' << d;
}

/// Masks that are equal, that differ, and that are compared with a constant: as a result, and in an attention.
constexpr auto compared(Tensor<f32, Seq> x, Tensor<f32, Seq> y) {
  auto same = (x > 0) == (y > 0), other = (x > 0) != (y > 0);
  return where(same, 1, 0) + where(other, 10, 0) + where((x > 0) == true, 100, 0);
}
constexpr Q striped(Q q, K k) {
  auto even = [](auto i) { return i % 2 == 0; };
  auto visible = (even(index<Key>()) == even(index<Seq>())) != (index<Key>() > index<Seq>());
  return contract<Key>(softmax<Key>(where(visible, contract<Depth>(q, k), -inf)), k);
}

TEST(Language, MasksAreEqualOrDiffer) {
  auto run = jit(trace<compared>("x", "y"));
  Array<f32, Seq> x{-1, -1, 1, 1}, y{-1, 1, -1, 1};
  auto got = run(x, y);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(got(i), (i == 0 || i == 3 ? 1 : 10) + (i < 2 ? 0 : 100)) << i;
}

TEST(Language, ComparedMasksHideKeys) {
  auto run = jit(trace<striped>("q", "k"), {.explain = true});
  EXPECT_EQ(run.executable().statistics.kernels, 1) << run.explanation();
  constexpr int n = 150;
  Array<f32, Seq, Depth> q(n);
  Array<f32, Key, Depth> k(n);
  q.fill([](auto i, auto d) { return std::sin(float(3 * i + d)); });
  k.fill([](auto j, auto d) { return std::cos(float(j + 5 * d)); });
  auto got = run(q, k);
  for (int i = 0; i < n; ++i) {
    double weights = 0, sums[8]{};
    for (int j = 0; j < n; ++j) {
      if (((j % 2 == 0) == (i % 2 == 0)) == (j > i)) continue;
      double score = 0;
      for (int d = 0; d < 8; ++d) score += double(q(i, d)) * k(j, d);
      weights += std::exp(score);
      for (int d = 0; d < 8; ++d) sums[d] += std::exp(score) * k(j, d);
    }
    for (int d = 0; d < 8; ++d) EXPECT_NEAR(got(i, d), sums[d] / weights, 2e-6) << i << ' ' << d;
  }
}

}  // namespace
}  // namespace heed
