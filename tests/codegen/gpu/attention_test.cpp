// Attention kernels for a GPU, by the SIMT interpreter, against f64 loops: every kernel of the CPU's tests as it is,
// then with tensor cores; ragged extents, hidden keys, races.
#include "on_gpu.h"
#include "tf32.h"
#include "variants.h"

namespace heed::testing {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

class Numbers32 : public ::testing::TestWithParam<Named> {};

TEST_P(Numbers32, AgreeWithLoops) {
  OnGpu compiled(GetParam().kernel);
  for (auto [rows, keys, depth, values] : {std::array<std::int64_t, 4>{1, 1, 1, 1},
                                           {17, 40, 5, 9},
                                           {70, 33, 9, 3},
                                           {3, 0, 4, 4},
                                           {0, 5, 4, 4},
                                           {20, 70, 3, 65}}) {
    ASSERT_NO_THROW(compiled.run(sizesOf(compiled.kernel, rows, keys, depth, values)));
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Numbers32, ::testing::ValuesIn(kernels()), [](auto& info) { return info.param.name; });

class Cores : public ::testing::TestWithParam<std::tuple<Named, std::string>> {};

TEST_P(Cores, AgreeWithLoops) {
  auto& [named, type] = GetParam();
  double tolerance = type == "bf16" ? 1.2e-2 : 2e-3;  // weights are rounded to 9 and 12 bits
  for (auto [depth, columns] : {std::pair(16, 16), std::pair(40, 24), std::pair(5, 7)}) {
    OnGpu compiled(narrow(named.kernel, type, depth, columns));
    for (auto [rows, keys] :
         {std::pair(1, 1), std::pair(17, 70), std::pair(130, 64), std::pair(70, 129), std::pair(5, 0)}) {
      ASSERT_NO_THROW(compiled.run(sizesOf(compiled.kernel, rows, keys, depth, columns), {}, true, 1, true, tolerance));
      if (HasFailure()) return;
    }
    EXPECT_GT(compiled.count("nvvm.mma.sync"), 0);
  }
}

std::vector<Named> dotProducts() {
  std::vector<Named> all;
  for (Named& named : kernels())
    for (const char* name : {"sdpa", "lse", "padded", "grouped", "causal", "lengths", "documents", "window",
                             "maskTensor", "biasTensor", "alibi", "softcap", "dropout", "sink", "scoreMinusInfinity"})
      if (named.name == name) all.push_back(named);
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, Cores,
                         ::testing::Combine(::testing::ValuesIn(dotProducts()), ::testing::Values("bf16", "f16")),
                         [](auto& info) { return std::get<0>(info.param).name + "_" + std::get<1>(info.param); });

/// Single precision of known extents goes by tiles, too: as narrow numbers do, but by fma.
class Single : public ::testing::TestWithParam<Named> {};

TEST_P(Single, AgreesWithLoops) {
  for (auto [depth, columns] : {std::pair(16, 16), std::pair(40, 24), std::pair(5, 7), std::pair(4, 136)}) {
    OnGpu compiled(narrow(GetParam().kernel, "f32", depth, columns));
    for (auto [rows, keys] :
         {std::pair(1, 1), std::pair(17, 70), std::pair(130, 64), std::pair(70, 129), std::pair(5, 0)}) {
      ASSERT_NO_THROW(compiled.run(sizesOf(compiled.kernel, rows, keys, depth, columns)));
      if (HasFailure()) return;
    }
    EXPECT_GT(compiled.count("nvvm.cp.async.shared.global"), 0);
    EXPECT_EQ(compiled.count("nvvm.mma.sync"), 0) << "nobody asked for tf32";
  }
}

INSTANTIATE_TEST_SUITE_P(All, Single, ::testing::ValuesIn(dotProducts()), [](auto& info) { return info.param.name; });

/// On request by tensor cores. What tf32 holds is multiplied as it is: of such operands only the weights are rounded,
/// to 11 bits as in f16, and lse is that of f32.
class Tf32 : public ::testing::TestWithParam<Named> {};

void roundToTf32(std::vector<Data*>& data) {
  for (Data* x : data)
    if (x->operand().type == "f32")
      for (std::size_t n = 0; n < x->count(); ++n) x->set(n, inTf32(float(x->numbers()[n])));
}

TEST_P(Tf32, AgreesWithLoops) {
  for (auto [depth, columns] : {std::pair(16, 16), std::pair(40, 24), std::pair(5, 7), std::pair(4, 136)}) {
    OnGpu compiled(narrow(GetParam().kernel, "f32", depth, columns), "sm_80+tf32");
    for (auto [rows, keys] :
         {std::pair(1, 1), std::pair(17, 70), std::pair(130, 64), std::pair(70, 129), std::pair(5, 0)}) {
      ASSERT_NO_THROW(
          compiled.run(sizesOf(compiled.kernel, rows, keys, depth, columns), roundToTf32, true, 1, true, 2e-3));
      if (HasFailure()) return;
    }
    EXPECT_GT(compiled.count("nvvm.mma.sync"), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Tf32, ::testing::ValuesIn(dotProducts()), [](auto& info) { return info.param.name; });

/// Of any operands: a score, sum q k / 4, moves by at most e = tf32Product sum |q k| / 4; a weight by a factor of
/// exp(e) at most, then by rounding; and so does the sum of all. With V rounded too the mean moves by no more than
/// exp(2 e) (1 + 2^-11)^2 - 1 of max |V|; what f32 adds is far below that.
TEST(GpuAttention, Tf32IsOffByItsRoundingsAtMost) {
  for (const char* chip : {"sm_80+tf32", "sm_90a+tf32"}) {
    const std::int64_t rows = 70, keys = 129, depth = 64;
    OnGpu compiled(narrow(withLse(sdpa()), "f32", depth, depth), chip);
    Expected expected;
    double score = 0, most = 0;
    const Sizes sizes = sizesOf(compiled.kernel, rows, keys, depth, depth);
    auto look = [&](std::vector<Data*>& data) {
      expected = reference(compiled.kernel, sizes, data);
      for (double x : data[2]->numbers()) most = std::max(most, std::fabs(x));
      for (std::int64_t o = 0; o < 2; ++o)
        for (std::int64_t q = 0; q < rows; ++q)
          for (std::int64_t k = 0; k < keys; ++k) {
            double size = 0;
            for (std::int64_t d = 0; d < depth; ++d)
              size += std::fabs(data[0]->numbers()[data[0]->index({{"o", o}, {"q", q}, {"d", d}})] *
                                data[1]->numbers()[data[1]->index({{"o", o}, {"k", k}, {"d", d}})]) /
                      4;
            score = std::max(score, size);
          }
    };
    auto results = compiled.run(sizes, look, true, 1, /*compare=*/false);
    const double e = tf32Product * score, bound = (std::exp(2 * e) * std::pow(1 + 0x1p-11, 2) - 1) * most;
    double largest = 0;
    for (std::size_t n = 0; n < results[0].size(); ++n)
      largest = std::max(largest, std::fabs(results[0][n] - expected.out[n]));
    EXPECT_LE(largest, bound);
    EXPECT_GT(largest, 1e-5) << "nothing was rounded";
    for (std::size_t n = 0; n < results[1].size(); ++n) EXPECT_NEAR(results[1][n], expected.lse[n], e + 1e-5);
    EXPECT_GT(compiled.count("nvvm.mma.sync"), 0);
  }
}

class Hopper : public ::testing::TestWithParam<std::tuple<Named, std::string>> {};

TEST_P(Hopper, AgreesWithLoops) {
  auto& [named, type] = GetParam();
  double tolerance = type == "bf16" ? 1.2e-2 : 2e-3;
  for (auto [depth, columns] : {std::pair(64, 64), std::pair(40, 24)}) {
    OnGpu compiled(narrow(named.kernel, type, depth, columns), "sm_90a");
    for (auto [rows, keys] : {std::pair(1, 8), std::pair(17, 72), std::pair(130, 136), std::pair(70, 400)}) {
      std::int64_t before = compiled.count("tile.wgmma");
      ASSERT_NO_THROW(compiled.run(sizesOf(compiled.kernel, rows, keys, depth, columns), {}, true, 1, true, tolerance));
      if (HasFailure()) return;
      // Rows of the padded one do not begin at multiples of 16 bytes: threads bring them.
      EXPECT_EQ(compiled.count("tile.wgmma") > before, named.name != "padded");
    }
    EXPECT_EQ(compiled.count("nvvm.mma.sync") > 0, named.name == "padded");
  }
}

INSTANTIATE_TEST_SUITE_P(All, Hopper,
                         ::testing::Combine(::testing::ValuesIn(dotProducts()), ::testing::Values("bf16", "f16")),
                         [](auto& info) { return std::get<0>(info.param).name + "_" + std::get<1>(info.param); });

/// Q in registers or read again, fewer keys at a time, O in several passes.
class DeepHeads : public ::testing::TestWithParam<std::tuple<std::string, std::string, std::pair<int, int>>> {};

TEST_P(DeepHeads, AgreeWithLoops) {
  auto& [type, chip, depths] = GetParam();
  auto [depth, columns] = depths;
  const bool hopper = chip == "sm_90a";
  for (KernelCase kernel : {sdpa(), causal(withLse(groupsOf(3, grouped()))), gemma(40), lengths(withLse(sdpa()))}) {
    OnGpu compiled(narrow(kernel, type, depth, columns), chip);
    auto adjust = [&, type = type](std::vector<Data*>& data) {
      if (type == "f32") roundToTf32(data);
    };
    compiled.run(sizesOf(compiled.kernel, 67, 136, depth, columns), adjust, true, 1, true,
                 type == "bf16" ? 1.2e-2 : 2e-3);
    if (HasFailure()) return;
    EXPECT_GT(compiled.count(hopper ? "tile.wgmma" : "nvvm.mma.sync"), 0);
  }
}

constexpr std::pair<int, int> gemma2{256, 256}, deepSeek{192, 128}, middle{192, 192}, odd{136, 200}, shallow{40, 256},
    wide{64, 320};
std::string nameOfHeads(const ::testing::TestParamInfo<DeepHeads::ParamType>& info) {
  auto& [type, chip, depths] = info.param;
  return type + "_" + std::to_string(depths.first) + "_" + std::to_string(depths.second);
}
INSTANTIATE_TEST_SUITE_P(Cores, DeepHeads,
                         ::testing::Combine(::testing::Values("bf16", "f16"), ::testing::Values("sm_80"),
                                            ::testing::Values(gemma2, deepSeek, middle, odd, shallow, wide)),
                         nameOfHeads);
INSTANTIATE_TEST_SUITE_P(Tf32, DeepHeads,
                         ::testing::Combine(::testing::Values("f32"), ::testing::Values("sm_80+tf32"),
                                            ::testing::Values(gemma2, deepSeek, odd)),
                         nameOfHeads);
INSTANTIATE_TEST_SUITE_P(Hopper, DeepHeads,
                         ::testing::Combine(::testing::Values("bf16", "f16"), ::testing::Values("sm_90a"),
                                            ::testing::Values(gemma2, deepSeek, middle, odd, shallow,
                                                              std::pair(128, 128))),
                         nameOfHeads);

/// A stage of 96 keys: parts of 1024 do not end where a tile does, and hold nothing of the next.
TEST(GpuAttention, PartsEndWithinTiles) {
  OnGpu compiled(narrow(withLse(sdpa()), "bf16", 192, 192), "sm_90a");
  compiled.run(sizesOf(compiled.kernel, 5, 2100, 192, 192), {}, true, 1, true, 1.2e-2);
  EXPECT_GT(compiled.count("tile.wgmma"), 0);
}

TEST(GpuAttention, BlocksGoThroughManyTasks) {
  // Whoever does a task, it is the same; and each multiprocessor has one block.
  struct Case {
    KernelCase kernel;
    std::int64_t rows, keys;
  };
  for (auto& [kernel, rows, keys] :
       {Case{causal(withLse(sdpa())), 600, 300}, Case{lengths(withLse(sdpa())), 300, 136},
        Case{documents(withLse(sdpa())), 300, 264}, Case{withLse(groupsOf(3, grouped())), 100, 40},
        Case{causal(withLse(groupsOf(8, grouped()))), 50, 136}, Case{withStart(withLse(sdpa())), 260, 72}}) {
    std::vector<Numbers> first;
    for (int multiprocessors : {0, 1, 2, 3}) {
      OnGpu compiled(narrow(kernel, "bf16", 64, 64), "sm_90a", multiprocessors);
      auto results = compiled.run(sizesOf(compiled.kernel, rows, keys, 64, 64), {}, true, 1, true, 1.2e-2);
      if (HasFailure()) return;
      if (first.empty()) first = results;
      EXPECT_EQ(results, first);
      // Two for each of two stages of rows, of keys and of values.
      const std::int64_t blocks = compiled.count("tile.mbarrier_init") / 12;
      EXPECT_TRUE(multiprocessors ? blocks == multiprocessors : blocks > 3) << blocks;
    }
  }
}

TEST(GpuAttention, WarpgroupsTakeTurns) {
  // Three tiles of keys for each of four tasks, no key hidden: each of eight warps takes a turn for a tile and passes
  // it; one warpgroup passes the first and the other takes the last.
  OnGpu compiled(narrow(sdpa(), "bf16", 16, 16), "sm_90a", 1);
  compiled.run(sizesOf(compiled.kernel, 256, 384, 16, 16), {}, true, 1, true, 1.2e-2);
  EXPECT_EQ(compiled.count("tile.named_barrier"), 4 * 3 * 8 * 2 + 2 * 4);
}

TEST(GpuAttention, WideRowsOfGroupsHaveOneStage) {
  // 200 rows of 128 numbers come for 128 of them: twice that does not fit beside keys and values.
  OnGpu compiled(narrow(causal(withLse(groupsOf(100, grouped()))), "bf16", 128, 128), "sm_90a", 1);
  compiled.run(sizesOf(compiled.kernel, 3, 136, 128, 128), {}, true, 1, true, 1.2e-2);
  EXPECT_EQ(compiled.count("tile.mbarrier_init"), 10);
}

TEST(GpuAttention, WhatTheCopyEngineCannotReachGoesByThreads) {
  // Rows of 5 numbers do not begin at multiples of 16 bytes; no keys are no tensor.
  for (auto [depth, keys] : {std::pair(5, 40), std::pair(16, 0)}) {
    OnGpu compiled(narrow(sdpa(), "bf16", depth, 16), "sm_90a");
    compiled.run(sizesOf(compiled.kernel, 20, keys, depth, 16), {}, true, 1, true, 1.2e-2);
    EXPECT_EQ(compiled.count("tile.wgmma"), 0);
    EXPECT_EQ(compiled.count("nvvm.mma.sync") > 0, keys > 0);
  }
}

TEST(GpuAttention, NarrowNumbersWithoutTensorCores) {
  // A body that is no product, and extents that nobody knows: numbers one by one.
  for (KernelCase kernel : {gaussian(), sdpa()}) {
    kernel = narrow(kernel, "bf16");
    OnGpu compiled(kernel);
    compiled.run(sizesOf(kernel, 20, 40, 6, 9));
    EXPECT_EQ(compiled.count("nvvm.mma.sync"), 0);
  }
}

TEST(GpuAttention, AnyWidthOfTheResult) {
  for (std::int64_t columns : {1, 8, 120, 128, 136, 200}) {
    KernelCase kernel = causal(withLse(sdpa()));
    kernel.known["v"] = columns;
    OnGpu(kernel).run(sizesOf(kernel, 18, 35, 4, columns));
    KernelCase wide = narrow(kernel, "bf16", 16, columns);
    OnGpu(wide).run(sizesOf(wide, 18, 35, 16, columns), {}, true, 1, true, 1.2e-2);
  }
}

TEST(GpuAttention, TwoColumnsOfTheResultLeaveAtOnce) {
  // Where rows of it begin at multiples of a word; threads store numbers nowhere else here.
  for (auto [chip, columns] : {std::pair("sm_80", 16), std::pair("sm_80", 24), std::pair("sm_80", 272),
                               std::pair("sm_90a", 64), std::pair("sm_90a", 24)})
    for (std::int64_t pad : {0, 8, 1}) {
      KernelCase kernel = narrow(sdpa(), "bf16", 16, columns);
      kernel.out.pad = pad;
      OnGpu compiled(kernel, chip);
      compiled.run(sizesOf(kernel, 70, 40, 16, columns), {}, true, 1, true, 1.2e-2);
      EXPECT_EQ(compiled.count("memref.store") > 0, pad == 1);
    }
}

TEST(GpuAttention, HiddenKeysContributeNothingWhateverTheyHold) {
  for (auto [type, chip, tiled, tolerance] :
       {std::tuple("f32", "sm_80", false, 4e-6), std::tuple("f32", "sm_80", true, 4e-6),
        std::tuple("f32", "sm_80+tf32", true, 2e-3), std::tuple("bf16", "sm_80", true, 1.2e-2),
        std::tuple("bf16", "sm_90a", true, 1.2e-2), std::tuple("f16", "sm_90a", true, 2e-3)}) {
    KernelCase kernel = lengths(withLse(sdpa()));
    const bool hopper = chip == std::string("sm_90a");
    const int V = !hopper ? 9 : type == std::string("f16") ? 192 : 16;  // 96 keys at a time, or 128
    if (tiled) kernel = narrow(kernel, type, 8, V);
    OnGpu compiled(kernel, chip);
    for (std::int64_t keys : {17, 70, 200})
      compiled.run(
          sizesOf(kernel, 70, keys, 8, V),
          [&](std::vector<Data*>& data) {
            if (tolerance == 2e-3) roundToTf32(data);
            for (std::int64_t o = 0; o < 2; ++o) {
              std::int64_t length = o == 0 ? keys / 2 : 0;
              data[2]->set(o, double(length));
              for (std::int64_t k = length; k < keys; ++k)
                for (int d = 0; d < V; ++d) {
                  if (d < 8) data[1]->set(data[1]->index({{"o", o}, {"k", k}, {"d", d}}), nan);
                  data[3]->set(data[3]->index({{"o", o}, {"k", k}, {"v", d}}), nan);
                }
            }
          },
          true, 1, true, tolerance);
    EXPECT_EQ(compiled.count("tile.wgmma") > 0, hopper);
  }
}

TEST(GpuAttention, RepeatedRowsSeeNothing) {
  for (auto [type, tiled] : {std::pair("f32", false), std::pair("f32", true), std::pair("bf16", true)}) {
    KernelCase kernel = causal(sdpa());
    if (tiled) kernel = narrow(kernel, type, 8, 9);
    OnGpu compiled(kernel);
    compiled.run(
        sizesOf(kernel, 20, 40, 8, 9),
        [&](std::vector<Data*>& data) {
          for (std::int64_t o = 0; o < 2; ++o)
            for (std::int64_t k = 20; k < 40; ++k) data[2]->set(data[2]->index({{"o", o}, {"k", k}, {"v", 3}}), nan);
        },
        true, 1, true, type == std::string("f32") ? 4e-6 : 1.2e-2);
  }
}

TEST(GpuAttention, LogarithmsOfSumsAreRoundedOnce) {
  // Of one key the logarithm is its score: to the bit, where that is large beside what ex2.approx is off by.
  OnGpu compiled(withLse(sdpa()));
  std::vector<double> scores;
  auto results = compiled.run(sizesOf(compiled.kernel, 100, 1, 1, 1), [&](std::vector<Data*>& data) {
    std::mt19937 random(1);
    std::uniform_real_distribution<float> exponent(6, 20);
    for (std::size_t n = 0; n < data[1]->count(); ++n) data[1]->set(n, 1);
    for (std::size_t n = 0; n < data[0]->count(); ++n) {
      scores.push_back((n % 2 ? 1 : -1) * std::exp2(exponent(random)));
      data[0]->set(n, 4 * scores.back());
    }
  });
  EXPECT_EQ(results[1], scores);
}

TEST(GpuAttention, TilesThatNobodySeesAreSkipped) {
  // Causal: of 4 x 4 tiles the 6 above the diagonal are not multiplied.
  auto products = [](KernelCase kernel, const char* chip) {
    OnGpu compiled(narrow(kernel, "bf16", 16, 16), chip);
    Sizes sizes = sizesOf(compiled.kernel, 256, 256, 16, 16);
    compiled.run(sizes, {}, true, 1, true, 1.2e-2);
    return compiled.count(chip == std::string("sm_80") ? "nvvm.mma.sync" : "tile.wgmma");
  };
  EXPECT_EQ(products(causal(sdpa()), "sm_80") * 16, products(sdpa(), "sm_80") * 10);
  EXPECT_EQ(products(causal(sdpa()), "sm_90a") * 4, products(sdpa(), "sm_90a") * 3) << "tiles of 128 x 128";
}

TEST(GpuAttention, ATileOfKeysCostsOneBarrier) {
  auto barriers = [](KernelCase kernel, std::int64_t keys) {
    OnGpu compiled(narrow(kernel, "bf16", 16, 16));
    compiled.run(sizesOf(compiled.kernel, 64, keys, 16, 16), {}, true, 1, true, 1.2e-2);
    return compiled.count("nvvm.barrier0");
  };
  const std::int64_t one = barriers(sdpa(), 128) - barriers(sdpa(), 64);
  EXPECT_GT(one, 0);
  EXPECT_EQ(barriers(sdpa(), 256) - barriers(sdpa(), 128), 2 * one);
  EXPECT_EQ(one % 4, 0) << "each warp of a block";
  // Of these tiles the last one has 36 keys: two barriers more, around the values that are cleared.
  EXPECT_EQ(barriers(sdpa(), 100) - barriers(sdpa(), 64), 3 * one);
  // Nobody sees the tiles after the first.
  EXPECT_EQ(barriers(causal(sdpa()), 256), barriers(causal(sdpa()), 64));
}

TEST(GpuAttention, ThreeTensorsOfPairs) {
  for (auto [chip, depth] : {std::pair("sm_80", 128), std::pair("sm_90a", 64), std::pair("sm_90a", 256)}) {
    OnGpu compiled(narrow(threeTensors(), "bf16", depth, depth), chip);
    compiled.run(sizesOf(compiled.kernel, 67, 136, depth, depth), {}, true, 1, true, 1.2e-2);
  }
}

/// Of heads of 128 in f32, tiles do not fit into what every device has: 99 KiB of a block.
TEST(GpuAttention, WideHeadsOfSinglePrecisionGoWithoutTiles) {
  for (std::int64_t depth : {96, 128}) {
    OnGpu compiled(narrow(causal(sdpa()), "f32", depth, depth));
    compiled.run(sizesOf(compiled.kernel, 33, 40, depth, depth));
    EXPECT_EQ(compiled.count("nvvm.cp.async.shared.global") > 0, depth == 96);
  }
}

}  // namespace
}  // namespace heed::testing
