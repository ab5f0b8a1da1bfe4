// Philox against its published vectors, and dropout against Philox in 64-bit arithmetic.
#include <gtest/gtest.h>

#include "loops.h"

namespace heed::test {
namespace {

using Word = Tensor<i32, Seq>;

/// Philox4x32-10 as in the paper.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> c, std::uint32_t k0, std::uint32_t k1) {
  for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9, k1 += 0xBB67AE85) {
    std::uint64_t x = std::uint64_t(c[0]) * 0xD2511F53, y = std::uint64_t(c[2]) * 0xCD9E8D57;
    c = {std::uint32_t(y >> 32) ^ c[1] ^ k0, std::uint32_t(y), std::uint32_t(x >> 32) ^ c[3] ^ k1, std::uint32_t(x)};
  }
  return c;
}

TEST(Philox, PublishedVectors) {  // kat_vectors of Random123, 10 rounds
  using Words = std::array<std::uint32_t, 4>;
  constexpr std::uint32_t ones = ~0u;
  EXPECT_EQ(philox({}, 0, 0), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({ones, ones, ones, ones}, ones, ones), (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

constexpr auto words(Word a, Word b, Word c, Word d, Tensor<i32> seed) {
  lang::UserLine line(a.tape, lang::caller());
  Word spread = a * lang::asWord(0x9E3779B9);
  auto out = lang::philox(lang::PhiloxCounter<Word>{{spread, b, c, d}}, seed, 0x299f31d0);
  return results(out.word[0], out.word[1], out.word[2], out.word[3]);
}

TEST(Philox, OfTheLanguageIsTheSame) {
  static constexpr auto g = trace<words>("a", "b", "c", "d", "seed");
  auto meaning = [](const Given& in) {
    std::vector<Values> out(4, in["a"]);
    for (int i = 0; i < in["a"].extent(0); ++i) {
      auto bits = [&](const char* name) { return std::uint32_t(in[name](i)); };
      auto want =
          philox({bits("a") * 0x9E3779B9, bits("b"), bits("c"), bits("d")}, std::uint32_t(in["seed"]()), 0x299f31d0);
      for (std::size_t w = 0; w < 4; ++w) out[w](i) = std::int32_t(want[w]);
    }
    return out;
  };
  expectMeaning(g, sizes, meaning, {.tolerance = 0});
}

/// Whether an element with this counter stays.
bool stays(const Given& in, std::array<std::uint32_t, 4> counter, std::uint32_t stream, double p) {
  return std::int32_t(philox(counter, std::uint32_t(in["seed"]()), stream)[0]) >= -0x1p31 + std::floor(p * 0x1p32);
}

struct Net {
  nn::Dropout drop{.p = 0.3, .stream = 5};
  constexpr auto operator()(X x, Tensor<i32> seed) const { return results(drop(x, seed), drop(x)); }
};

TEST(Dropout, DropsByIndexSeedAndStream) {
  static constexpr auto g = trace(Net{}, "x", "seed");
  auto meaning = [](const Given& in) {
    Values y = in["x"];
    int kept = 0;
    for (int b = 0; b < y.extent(0); ++b)
      for (int t = 0; t < y.extent(1); ++t)
        for (int m = 0; m < 24; ++m) {
          bool keep = stays(in, {std::uint32_t(b), std::uint32_t(t * 24 + m), 0, 0}, 5, 0.3);
          y(b, t, m) *= keep ? 1 / 0.7 : 0;
          kept += keep;
        }
    EXPECT_NEAR(kept / double(y.data.size()), 0.7, 1.5 / std::sqrt(double(y.data.size())));
    return std::vector{y, in["x"]};
  };
  expectMeaning(g, sizes, meaning, {.tolerance = 1e-6});
}

using S = Tensor<f32, Batch, Heads, Seq, Key>;

struct OfWeights {
  nn::Dropout drop{.p = 0.25};
  constexpr auto operator()(Tensor<f32, Batch, Heads, Seq, Depth> q, Tensor<f32, Batch, Heads, Key, Depth> k,
                            Tensor<i32> seed) const {
    S weights = softmax<Key>(contract<Depth>(q, k));
    return contract<Key>(drop(weights, seed), k);
  }
};

TEST(Dropout, AsksForAProbability) {
  for (double p : {-0.5, 1.5, double(NAN)}) {
    Net net;
    net.drop.p = p;
    EXPECT_THROW(traceAtRunTime(net, "x", "seed"), Mistake) << p;
  }
}

TEST(Dropout, OfAttentionWeightsIsFused) {
  static constexpr auto g = trace(OfWeights{}, "q", "k", "seed");
  auto meaning = [](const Given& in) {
    const Values &q = in["q"], &k = in["k"];
    Values y(q.extents);
    for (int b = 0; b < q.extent(0); ++b)
      for (int h = 0; h < 3; ++h)
        for (int i = 0; i < q.extent(2); ++i) {
          std::vector<double> s(std::size_t(k.extent(2)), 0);
          for (int j = 0; j < k.extent(2); ++j)
            for (int d = 0; d < 8; ++d) s[std::size_t(j)] += q(b, h, i, d) * k(b, h, j, d);
          s = softmaxOf(s);
          for (int j = 0; j < k.extent(2); ++j)
            if (stays(in, {std::uint32_t(b * 3 + h), std::uint32_t(i), std::uint32_t(j), 0}, 0, 0.25))
              for (int d = 0; d < 8; ++d) y(b, h, i, d) += s[std::size_t(j)] / 0.75 * k(b, h, j, d);
        }
    return std::vector{y};
  };
  EXPECT_EQ(expectMeaning(g, sizes, meaning).kernels, 1);
}

}  // namespace
}  // namespace heed::test
