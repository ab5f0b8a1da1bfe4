// Few queries on many keys: heads of a group are rows of one block, keys are split into parts that a second kernel
// merges; against f64 loops, and bit for bit against what needs no parts.
#include "on_gpu.h"

namespace heed::testing {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t keysOfPart = 1024;

/// grouped() with captures of a group's heads.
KernelCase slopes() {
  KernelCase kernel = alibi(), like = grouped();
  kernel.similar = like.similar, kernel.out = like.out;
  kernel.captures = {{{"o", "og"}}};
  return kernel;
}
KernelCase biases() {
  KernelCase kernel = biasTensor(grouped());
  kernel.captures = {{{"og", "q", "k"}}};
  return kernel;
}

class Groups : public ::testing::TestWithParam<std::tuple<std::string, std::int64_t>> {};

TEST_P(Groups, AgreeWithLoops) {
  auto& [chip, heads] = GetParam();
  for (const Named& named : std::vector<Named>{{"lse", withLse(grouped())},
                                               {"causal", causal(withLse(grouped()))},
                                               {"sink", withStart(causal(withLse(grouped())))},
                                               {"slopes", causal(slopes())},
                                               {"biases", biases()},
                                               {"documents", documents(grouped())},
                                               {"maskTensor", maskTensor(grouped())}}) {
    KernelCase kernel = groupsOf(heads, named.kernel);
    if (chip == "f32") {
      OnGpu compiled(kernel);
      for (auto [rows, keys] : {std::pair(1, 33), std::pair(5, 70)}) compiled.run(sizesOf(kernel, rows, keys, 5, 9));
    } else {
      OnGpu compiled(narrow(kernel, "bf16", 16, 24), chip);
      for (auto [rows, keys] : {std::pair(1, 72), std::pair(19, 136)})
        compiled.run(sizesOf(compiled.kernel, rows, keys, 16, 24), {}, true, 1, true, 1.2e-2);
      EXPECT_EQ(compiled.count("tile.wgmma") > 0, chip == "sm_90a");
      EXPECT_EQ(compiled.count("nvvm.mma.sync") > 0, chip == "sm_80");
    }
    if (HasFailure()) FAIL() << named.name;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Groups,
                         ::testing::Combine(::testing::Values("f32", "sm_80", "sm_90a"), ::testing::Values(2, 7, 48)),
                         [](auto& info) {
                           return std::get<0>(info.param) + "_of_" + std::to_string(std::get<1>(info.param));
                         });

TEST(GpuGroups, GroupsThatFitNoBlockAreCut) {
  KernelCase two = causal(withLse(grouped()));
  two.similar[0][0].dims = {"o", "og", "oh", "q", "d"}, two.out.dims = {"o", "og", "oh", "q", "v"};
  two.known["oh"] = 40;
  struct Case {
    KernelCase kernel;
    std::int64_t blocks;  // of a position
  };
  for (auto& [kernel, blocks] :
       {Case{groupsOf(130, causal(withLse(grouped()))), 2}, Case{groupsOf(300, biases()), 3},
        Case{groupsOf(130, slopes()), 2}, Case{groupsOf(6, two), 2}, Case{groupsOf(130, two), 44}})
    for (int multiprocessors : {0, 2}) {
      OnGpu compiled(narrow(kernel, "bf16", 16, 8), "sm_90a", multiprocessors);
      compiled.run(sizesOf(compiled.kernel, 2, 136, 16, 8), {}, true, 1, true, 1.2e-2);
      if (HasFailure()) return;
      // Two points, two positions; two tiles of keys, of each 1 + 8 products by each of eight warps.
      const std::int64_t tiles = compiled.count("tile.wgmma") / (9 * 8);
      EXPECT_EQ(tiles, 2 * 2 * blocks * (kernel.keep.empty() ? 2 : 1));
    }
}

TEST(GpuGroups, KeysAreReadOncePerGroup) {
  // 8 heads x 8 queries are the rows of one block: as many products as 64 queries of one head.
  for (auto [chip, op] : {std::pair("sm_80", "nvvm.mma.sync"), std::pair("sm_90a", "tile.wgmma")}) {
    OnGpu together(narrow(groupsOf(8, grouped()), "bf16", 16, 16), chip), alone(narrow(sdpa(), "bf16", 16, 16), chip);
    together.run(sizesOf(together.kernel, 8, 256, 16, 16), {}, true, 1, true, 1.2e-2);
    alone.run(sizesOf(alone.kernel, 64, 256, 16, 16), {}, true, 1, true, 1.2e-2);
    EXPECT_GT(alone.count(op), 0);
    EXPECT_EQ(together.count(op), alone.count(op));
  }
}

class Split : public ::testing::TestWithParam<std::string> {
 protected:
  OnGpu compiled(KernelCase kernel) {
    if (GetParam() == "f32") return OnGpu(kernel);
    return OnGpu(narrow(kernel, "bf16", 8, 8), GetParam());
  }
  double tolerance() const { return GetParam() == "f32" ? 4e-6 : 1.2e-2; }
};

TEST_P(Split, AgreesWithLoops) {
  for (const Named& named : std::vector<Named>{{"sdpa", withLse(sdpa())},
                                               {"causal", causal(withLse(sdpa()))},
                                               {"lengths", lengths(withLse(sdpa()))},
                                               {"documents", documents(withLse(sdpa()))},
                                               {"grouped", groupsOf(3, withLse(grouped()))},
                                               {"dropout", dropout(sdpa())},
                                               {"sink", withStart(withLse(sdpa()))},
                                               {"minusInfinity", withLse(minusInfinity())}}) {
    OnGpu kernel = compiled(named.kernel);
    for (auto [rows, keys] : {std::pair(2, keysOfPart + 8), std::pair(1, 2 * keysOfPart)})
      kernel.run(sizesOf(kernel.kernel, rows, keys, 8, 8), {}, true, 1, true, tolerance());
    if (HasFailure()) FAIL() << named.name;
  }
}

TEST_P(Split, PartsOfWhichNothingIsSeenChangeNoBit) {
  OnGpu kernel = compiled(lengths(withLse(sdpa())));
  const std::int64_t visible = keysOfPart - 24;
  auto outcome = [&](std::int64_t keys) {
    return kernel.run(
        sizesOf(kernel.kernel, 5, keys, 8, 8),
        [&](std::vector<Data*>& data) {
          std::mt19937 random(1);
          std::normal_distribution<double> normal;
          for (std::size_t n = 0; n < data[0]->count(); ++n) data[0]->set(n, normal(random));
          // The same numbers at the same keys, and what is no number behind them; the other point sees nothing.
          data[2]->set(0, double(visible)), data[2]->set(1, 0);
          for (std::int64_t o = 0; o < 2; ++o)
            for (std::int64_t k = 0; k < keys; ++k)
              for (int d = 0; d < 8; ++d) {
                bool seen = o == 0 && k < visible;
                data[1]->set(data[1]->index({{"o", o}, {"k", k}, {"d", d}}), seen ? normal(random) : nan);
                data[3]->set(data[3]->index({{"o", o}, {"k", k}, {"v", d}}), seen ? normal(random) : nan);
              }
        },
        true, 1, true, tolerance());
  };
  EXPECT_EQ(outcome(keysOfPart), outcome(2 * keysOfPart + 8));
}

TEST_P(Split, WhatIsNoNumberReachesItsRowsFromAnyPart) {
  OnGpu kernel = compiled(withLse(sdpa()));
  for (double odd : {nan, std::numeric_limits<double>::infinity()})
    kernel.run(
        sizesOf(kernel.kernel, 2, keysOfPart + 8, 8, 8),
        [&](std::vector<Data*>& data) {
          // Scores of the first row of the first point are infinite of either sign, or none.
          data[0]->set(0, odd);
          // A value that only its column sees.
          data[2]->set(data[2]->index({{"o", 1}, {"k", keysOfPart + 3}, {"v", 2}}), odd);
        },
        true, 1, true, tolerance());
}

INSTANTIATE_TEST_SUITE_P(All, Split, ::testing::Values("f32", "sm_80", "sm_90a"),
                         [](auto& info) { return info.param; });

TEST(GpuSplit, BlocksOfWgmmaGoThroughManyParts) {
  KernelCase kernel = narrow(causal(withLse(sdpa())), "bf16", 8, 8);
  std::vector<Numbers> results[2];
  for (int multiprocessors : {0, 4}) {
    OnGpu compiled(kernel, "sm_90a", multiprocessors);
    results[multiprocessors / 4] =
        compiled.run(sizesOf(kernel, 2, 2 * keysOfPart + 8, 8, 8), {}, true, 1, true, 1.2e-2);
    EXPECT_EQ(compiled.count("tile.mbarrier_init") / 12, multiprocessors ? 4 : 6) << "three parts of two points";
    EXPECT_EQ(*compiled.launches, 2);
  }
  EXPECT_EQ(results[0], results[1]);
}

TEST(GpuSplit, EnoughBlocksAreNotSplit) {
  // Of 40 heads that the types know, a quarter of the device's blocks and more: nothing is merged.
  for (std::int64_t heads : {2, 40}) {
    KernelCase kernel = sdpa();
    kernel.known["o"] = heads;
    OnGpu compiled(kernel);
    compiled.run(sizesOf(kernel, 1, keysOfPart + 1, 2, 2));
    EXPECT_EQ(*compiled.launches, heads == 2 ? 2 : 1);
  }
}

}  // namespace
}  // namespace heed::testing
