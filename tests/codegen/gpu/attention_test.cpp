// Attention kernels for a GPU, by the SIMT interpreter, against f64 loops: every kernel of the CPU's tests as it is,
// then with tensor cores; ragged extents, hidden keys, races.
#include <iostream>
#include <sstream>

#include "on_gpu.h"
#include "ptxas.h"
#include "tf32.h"

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

/// Softcap and a window, as Gemma 2 has them.
KernelCase gemma(int width) {
  KernelCase kernel = softcap();
  return window(withLse(std::move(kernel)), width);
}

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

/// documents() with ids as they are, as they are written where speed counts.
KernelCase sameDocument(KernelCase kernel) {
  kernel = documents(std::move(kernel));
  kernel.keep = "%e = arith.cmpi eq, %a0, %a1 : i32\ntile.yield %e : i1";
  kernel.classify =
      "%s0 = arith.cmpi sle, %a4, %a7 : i32\n%s1 = arith.cmpi sle, %a6, %a5 : i32\n%s = arith.andi %s0, %s1 : i1\n"
      "%f0 = arith.cmpi eq, %a4, %a5 : i32\n%f1 = arith.cmpi eq, %a6, %a7 : i32\n%f2 = arith.cmpi eq, %a4, %a6 : i32\n"
      "%f3 = arith.andi %f0, %f1 : i1\n%f = arith.andi %f3, %f2 : i1\ntile.yield %s, %f : i1, i1";
  return kernel;
}

/// sameDocument() and causal().
KernelCase causalDocuments(KernelCase kernel) {
  const KernelCase before = causal(sdpa());
  kernel = sameDocument(std::move(kernel));
  auto both = [](std::string all, const std::string& text, const std::string& yield, const std::string& now) {
    all.erase(all.rfind("tile.yield"));
    return all + text.substr(0, text.rfind("tile.yield")) + yield + now;
  };
  kernel.keep = both(kernel.keep, before.keep, "%b = arith.andi %c, %e : i1\n", "tile.yield %b : i1");
  std::string causal = before.classify;
  for (auto [from, to] : {std::pair("%s ", "%s2 "), std::pair("%f ", "%f4 ")})
    for (std::size_t at; (at = causal.find(from)) != causal.npos;) causal.replace(at, 3, to);
  kernel.classify = both(kernel.classify, causal, "%s3 = arith.andi %s, %s2 : i1\n%f5 = arith.andi %f, %f4 : i1\n",
                         "tile.yield %s3, %f5 : i1, i1");
  return kernel;
}

KernelCase cappedBias() {
  KernelCase kernel = biasTensor(sdpa());
  kernel.post =
      "%h = arith.constant 0.5 : f32\n%c = arith.constant 2.0 : f32\n%x = arith.mulf %a0, %h : f32\n"
      "%t = math.tanh %x : f32\n%p = arith.mulf %c, %t : f32\n%s = arith.addf %p, %a1 : f32\ntile.yield %s : f32";
  return kernel;
}

/// A mask, a bias and a factor of each weight.
KernelCase threeTensors() {
  KernelCase kernel = maskTensor(sdpa());
  const KernelCase bias = biasTensor(sdpa()), factor = dropout(sdpa());
  kernel.captures = {kernel.captures[0], bias.captures[0], factor.captures[0]};
  kernel.post =
      "%c = arith.constant 0.25 : f32\n%p = arith.mulf %a0, %c : f32\n%s = arith.addf %p, %a2 : f32\n"
      "tile.yield %s : f32";
  kernel.weigh = "%p = arith.mulf %a0, %a3 : f32\ntile.yield %p : f32";
  kernel.score = [](const Numbers& s, const Numbers& x, Point) { return s[0] / 4 + x[1]; };
  kernel.weight = [](double p, const Numbers& x, Point) { return p * x[2]; };
  return kernel;
}

TEST(GpuAttention, ThreeTensorsOfPairs) {
  for (auto [chip, depth] : {std::pair("sm_80", 128), std::pair("sm_90a", 64), std::pair("sm_90a", 256)}) {
    OnGpu compiled(narrow(threeTensors(), "bf16", depth, depth), chip);
    compiled.run(sizesOf(compiled.kernel, 67, 136, depth, depth), {}, true, 1, true, 1.2e-2);
  }
}

/// The kernels that speed is claimed for: ptxas takes them, and nothing leaves the registers.
TEST(GpuAttention, AssemblesWithoutSpills) {
  if (!assemble("", "sm_80")) GTEST_SKIP() << "no ptxas on PATH, and HEED_PTXAS is not set";
  for (auto [depth, columns, chip] :
       {std::tuple(64, 64, "sm_80"), std::tuple(128, 128, "sm_80"), std::tuple(128, 128, "sm_90"),
        std::tuple(192, 128, "sm_80"), std::tuple(256, 256, "sm_80"), std::tuple(64, 64, "sm_90a"),
        std::tuple(128, 128, "sm_90a"), std::tuple(192, 128, "sm_90a"), std::tuple(256, 256, "sm_90a")})
    for (KernelCase kernel : {sdpa(), causal(withLse(sdpa())), causal(withLse(groupsOf(8, grouped()))), gemma(4096),
                              sameDocument(withLse(sdpa()))}) {
      std::string ptx = simt::ptxOf(narrow(kernel, "bf16", depth, columns).text(), chip);
      const bool hopper = chip == std::string("sm_90a");
      EXPECT_EQ(ptx.find("wgmma.mma_async.sync.aligned.m64n") != ptx.npos, hopper);
      EXPECT_EQ(ptx.find("cp.async.bulk.tensor") != ptx.npos, hopper);
      EXPECT_NE(ptx.find("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32"), ptx.npos);
      EXPECT_NE(ptx.find("ldmatrix.sync.aligned.m8n8.x4.trans"), ptx.npos);
      EXPECT_NE(ptx.find("cp.async.cg.shared.global"), ptx.npos);
      Ptxas said = *assemble(ptx, chip);
      EXPECT_TRUE(said.accepted) << said.said;
      EXPECT_EQ(said.kernels, hopper ? 3 : 2) << "one merges parts";
      EXPECT_EQ(said.clean, said.kernels) << said.said;
      std::cout << chip << " depth " << depth << ": " << said.registers() << "\n";
    }
}

/// What is read for each pair of a row and a key has no registers of its own for long. Not so in the kernel by threads
/// for operands that the copy engine cannot reach.
TEST(GpuAttention, TensorsOfPairsAssembleWithoutSpills) {
  if (!assemble("", "sm_90a")) GTEST_SKIP() << "no ptxas on PATH, and HEED_PTXAS is not set";
  for (auto [depth, columns] : {std::pair(64, 64), std::pair(128, 128), std::pair(192, 128), std::pair(256, 256)})
    for (KernelCase kernel : {maskTensor(sdpa()), biasTensor(sdpa()), cappedBias(), dropout(sdpa()),
                              causalDocuments(withLse(sdpa())), threeTensors()}) {
      Ptxas said = *assemble(simt::ptxOf(narrow(kernel, "bf16", depth, columns).text(), "sm_90a"), "sm_90a");
      EXPECT_TRUE(said.accepted) << said.said;
      EXPECT_NE(said.said.find("Function properties for kernel_0\n    0 bytes stack frame, 0 bytes spill stores"),
                std::string::npos)
          << depth << "\n"
          << said.said;
    }
}

TEST(GpuAttention, SinglePrecisionAssemblesWithoutSpills) {
  if (!assemble("", "sm_80")) GTEST_SKIP() << "no ptxas on PATH, and HEED_PTXAS is not set";
  for (auto [depth, chip] : {std::pair(64, "sm_80"), std::pair(96, "sm_80"), std::pair(64, "sm_90")})
    for (KernelCase kernel : {sdpa(), causal(withLse(sdpa())), causal(withLse(groupsOf(8, grouped())))}) {
      std::string ptx = simt::ptxOf(narrow(kernel, "f32", depth, depth).text(), chip);
      EXPECT_NE(ptx.find("cp.async.cg.shared.global"), ptx.npos);
      EXPECT_NE(ptx.find("ld.shared.v4"), ptx.npos);
      Ptxas said = *assemble(ptx, chip);
      EXPECT_TRUE(said.accepted) << said.said;
      EXPECT_EQ(said.clean, said.kernels) << said.said;
      std::cout << chip << " depth " << depth << ": " << said.registers() << "\n";
    }
}

TEST(GpuAttention, Tf32AssemblesWithoutSpills) {
  if (!assemble("", "sm_80")) GTEST_SKIP() << "no ptxas on PATH, and HEED_PTXAS is not set";
  for (auto [depth, columns, chip] : {std::tuple(64, 64, "sm_80"), std::tuple(128, 128, "sm_80"),
                                      std::tuple(128, 128, "sm_90"), std::tuple(192, 128, "sm_80")})
    for (KernelCase kernel : {sdpa(), causal(withLse(sdpa())), causal(withLse(groupsOf(8, grouped()))), gemma(4096),
                              sameDocument(withLse(sdpa()))}) {
      std::string ptx = simt::ptxOf(narrow(kernel, "f32", depth, columns).text(), chip + std::string("+tf32"));
      EXPECT_NE(ptx.find("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32"), ptx.npos);
      EXPECT_NE(ptx.find("ldmatrix.sync.aligned.m8n8.x4.shared"), ptx.npos);
      Ptxas said = *assemble(ptx, chip);
      EXPECT_TRUE(said.accepted) << said.said;
      EXPECT_EQ(said.clean, said.kernels) << said.said;
      std::cout << chip << " depth " << depth << ": " << said.registers() << "\n";
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

/// Products of two tiles are under way when a warpgroup makes weights: it waits for the scores, makes them, and only
/// then waits for the sums. It has passed its turn before it waits: then the other one asks for its products.
TEST(GpuAttention, WeightsAreMadeWhileSumsAreAddedUp) {
  if (!machineCode(".version 8.0\n.target sm_90a\n.address_size 64\n", "sm_90a"))
    GTEST_SKIP() << "no ptxas or no nvdisasm on PATH, and HEED_PTXAS and HEED_NVDISASM are not set";
  for (int depth : {64, 128})
    for (KernelCase kernel : {sdpa(), causal(withLse(sdpa()))}) {
      std::istringstream code(
          *machineCode(simt::ptxOf(narrow(kernel, "bf16", depth, depth).text(), "sm_90a"), "sm_90a"));
      int products = 0, powers = 0, maxima = 0, between = 0;
      bool waited = false, passed = false;
      for (std::string line; std::getline(code, line);) {
        auto has = [&](const char* word) { return line.find(word) != line.npos; };
        EXPECT_FALSE(has("LDL") || has("STL")) << line;
        products += has("HGMMA");
        if (has("HGMMA")) passed = false;
        if (has("BAR.ARV")) passed = true;
        if (has("WARPGROUP.DEPBAR.LE gsb0, 0x1")) {
          EXPECT_TRUE(passed);
          waited = true, ++between;
        }
        if (has("WARPGROUP.DEPBAR.LE gsb0, 0x0")) waited = false;
        powers += waited && has("MUFU.EX2"), maxima += waited && has("FMNMX");
      }
      EXPECT_EQ(between, 1);
      EXPECT_GE(products, 2 * (depth / 16 + 8));
      EXPECT_GE(powers, 64) << "one of each score of a thread: 128 keys, 64 rows, 128 threads";
      EXPECT_GE(maxima, 64);
    }
}

}  // namespace
}  // namespace heed::testing
