// Products of f32, on the SIMT interpreter: by fma, in tf32 where that was asked for, and the depth in parts.
#include <iostream>

#include "product.h"
#include "ptxas.h"
#include "tf32.h"

namespace heed::testing {
namespace {

/// By fma: big blocks on a device of one multiprocessor, small ones where there are many.
TEST(GpuContract, SinglePrecision) {
  for (Upright upright : layouts)
    for (int multiprocessors : {1, 100}) {
      Product product(text("f32", upright), "sm_80", multiprocessors);
      SCOPED_TRACE(::testing::Message() << upright.left << upright.right << " " << multiprocessors);
      expectSums<float>(product, upright,
                        {{1, 1, 1}, {128, 128, 64}, {130, 40, 72}, {20, 136, 33, 3, 1}, {5, 9, 0}, {17, 24, 40, 8, 8}});
      EXPECT_GT(product.products("nvvm.cp.async.shared.global"), 0);
    }
}

/// On request by tensor cores, in tf32.
TEST(GpuContract, SinglePrecisionInTf32) {
  for (const char* chip : {"sm_80+tf32", "sm_90a+tf32"})
    for (Upright upright : layouts) {
      Product product(text("f32", upright), chip);
      SCOPED_TRACE(::testing::Message() << chip << " " << upright.left << upright.right);
      expectSums<float>(product, upright,
                        {{1, 1, 1}, {128, 128, 64}, {130, 40, 72}, {20, 136, 33, 3, 1}, {5, 9, 0}, {17, 24, 40, 8, 8}},
                        tf32Product);
      EXPECT_GT(product.products(), 0);
    }
}

/// Operands of text(), normal numbers, and its result.
struct Singles {
  Upright upright;
  Dense<float> x, y, bias, out;
  Singles(Upright upright, std::int64_t m, std::int64_t n, std::int64_t k)
      : upright(upright),
        x(upright.left ? std::vector{k, m} : std::vector{m, k}),
        y(upright.right ? std::vector{k, n} : std::vector{n, k}),
        bias({n}),
        out({m, n}) {
    std::mt19937 random(3);
    std::normal_distribution<float> normal;
    for (auto* a : {&x, &y, &bias})
      for (float& e : a->values) e = normal(random);
  }
  const std::vector<float>& by(Product& product) { return product(x, y, bias, out), out.values; }
};

/// What tf32 holds is multiplied as it is; what it does not, as its nearest number of tf32. Nothing is rounded twice.
TEST(GpuContract, Tf32RoundsOperandsOnceToNearest) {
  for (Upright upright : layouts) {
    Product product(text("f32", upright), "sm_80+tf32");
    Singles given(upright, 40, 24, 50), rounded(upright, 40, 24, 50);
    given.x.values[7] = 1 + 0x1p-11f, given.x.values[8] = -1 - 0x1p-11f;  // in the middle between two
    for (auto [from, to] : {std::pair(&given.x, &rounded.x), std::pair(&given.y, &rounded.y)})
      for (std::size_t n = 0; n < from->values.size(); ++n) to->values[n] = inTf32(from->values[n]);
    EXPECT_EQ(given.by(product), rounded.by(product));
  }
}

/// Nobody asked: one chain of fma along the depth, to the bit.
TEST(GpuContract, SinglePrecisionIsWholeUnlessTf32IsAskedFor) {
  for (const char* chip : {"sm_80", "sm_90a", "sm_80+tf32"}) {
    const std::int64_t M = 33, N = 20, K = 90;
    Product product(text("f32", {false, false}), chip);
    Singles s({false, false}, M, N, K);
    s.by(product);
    bool same = true;
    for (std::int64_t i = 0; i < M; ++i)
      for (std::int64_t j = 0; j < N; ++j) {
        float sum = 0;
        for (std::int64_t k = 0; k < K; ++k) sum = std::fma(s.x({i, k}), s.y({j, k}), sum);
        const float twice = sum * 2, biased = twice + s.bias({j});
        same &= s.out({i, j}) == biased + float(i);
      }
    const bool asked = chip == std::string("sm_80+tf32");
    EXPECT_EQ(same, !asked) << chip;
    EXPECT_EQ(product.products() > 0, asked) << chip;
  }
}

/// A row has the same bits whatever it is computed beside, and so by whichever blocks.
TEST(GpuContract, RowsOfSinglePrecisionAreInvariant) {
  for (const char* chip : {"sm_80", "sm_80+tf32"})
    for (Upright upright : {Upright{false, false}, Upright{false, true}}) {
      const std::int64_t M = 150, N = 33, K = 77;
      Product many(text("f32", upright), chip, 4), few(text("f32", upright), chip, 100);
      Singles all(upright, M, N, K);
      all.by(many);
      for (std::int64_t m : {std::int64_t(1), std::int64_t(9), M}) {
        Dense<float> first({m, K}), small({m, N});
        std::copy_n(all.x.values.begin(), m * K, first.values.begin());
        few(first, all.y, all.bias, small);
        EXPECT_TRUE(std::equal(small.values.begin(), small.values.end(), all.out.values.begin())) << chip << " " << m;
      }
    }
}

/// The depth in parts, of which each has blocks of its own where rows are few: the same bits as where they are many.
TEST(GpuContract, PartsOfTheDepthAreAddedInOrder) {
  const std::int64_t M = 300, N = 40, K = 1100;
  // Each of a part's roundings is at most half a unit of the sum so far, and so is that of a part.
  constexpr double rounding = (288 + 4) * 0x1p-24;
  for (auto [chip, each, few] : {std::tuple("sm_80", rounding, 9), std::tuple("sm_80+tf32", tf32Product + rounding, 9)})
    for (Upright upright : {Upright{false, false}, Upright{false, true}}) {
      SCOPED_TRACE(std::string(chip) + (upright.right ? ", upright" : ""));
      Product product(text("f32", upright, N, K), chip, 8), whole(text("f32", upright), chip, 8);
      expectSums<float>(product, upright, {{1, N, K}, {few, N, K}, {40, N, K}, {M, N, K}}, each);
      Singles all(upright, M, N, K);
      all.by(product);
      EXPECT_EQ(product.launches, 1);
      for (std::int64_t m : {std::int64_t(1), std::int64_t(few)}) {
        Dense<float> first({m, K}), small({m, N});
        std::copy_n(all.x.values.begin(), m * K, first.values.begin());
        product(first, all.y, all.bias, small);
        EXPECT_EQ(product.launches, 2);
        EXPECT_TRUE(std::equal(small.values.begin(), small.values.end(), all.out.values.begin())) << m;
        whole(first, all.y, all.bias, small);
        EXPECT_FALSE(std::equal(small.values.begin(), small.values.end(), all.out.values.begin())) << "one chain";
      }
    }
  for (const char* chip : {"sm_80", "sm_90a"}) {
    for (std::int64_t k : {1104, 1100}) {
      Product product(text("bf16", {false, true}, N, k), chip, 8);
      expectSums<element_of<bf16>>(product, {false, true}, {{20, N, k}, {0, N, k}, {M, N, k}, {20, N, k, 0, 1}},
                                   rounding);
      // Where wgmma takes many rows, there is one chain; and where rows are no whole pieces.
      EXPECT_EQ(product.launches, chip == std::string("sm_80") && k == 1104 ? 2 : 1);
    }
  }
}
TEST(GpuContract, PartsAssembleWithoutSpills) {
  if (!assemble("", "sm_80")) GTEST_SKIP() << "no ptxas on PATH, and HEED_PTXAS is not set";
  for (auto [type, asked] : {std::pair("bf16", ""), std::pair("f32", ""), std::pair("f32", "+tf32")})
    for (const std::string chip : {"sm_80", "sm_90"})
      for (Upright upright : {Upright{false, false}, Upright{false, true}}) {
        Ptxas said = *assemble(simt::ptxOf(text(type, upright, 1024, 4096), chip + asked), chip);
        EXPECT_TRUE(said.accepted) << said.said;
        EXPECT_EQ(said.clean, said.kernels) << type << asked << " " << upright.left << upright.right << said.said;
        std::cout << chip << " " << type << asked << ": " << said.registers() << "\n";
      }
}

}  // namespace
}  // namespace heed::testing
