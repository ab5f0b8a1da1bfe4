// The attention kernel against f64 loops: shapes, layouts, bodies, masks, captures, special values, instruction sets.
//
// Every operand ends at a guard page (and begins at one in a second run), so reading out of bounds stops the test.
#include <gtest/gtest.h>

#include <cstring>

#include "heed/runtime/session.h"
#include "heed/tests/codegen/attention/compile_kernel.h"
#include "heed/tests/codegen/attention/kernel_run.h"
#include "heed/tests/codegen/targets.h"

namespace heed::testing {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// A kernel for one target, and how to call it.
struct Compiled : KernelRun {
  CompiledKernel code;
  explicit Compiled(KernelCase k, const std::string& features = "", codegen::TileLowerAttentionOptions options = {})
      : KernelRun{std::move(k), {}} {
    options.features = features;
    codegen::Target target = *codegen::targetFor(features);
    roundsWeights = target.bf16;
    code = compileKernel(kernel.text(), target, options);
    call = [this](const std::vector<Data*>&, std::vector<void*>& arguments, int threads) {
      Session session(threads);
      code.code.entry(&session, arguments.data());
    };
  }
};

class Shapes : public ::testing::TestWithParam<std::tuple<Named, std::string>> {};

TEST_P(Shapes, agreeWithLoops) {
  auto& [named, features] = GetParam();
  Compiled compiled(named.kernel, features);
  const std::vector<std::int64_t> extents{0, 1, 3, 15, 16, 17, 63, 65, 128, 129};
  for (std::size_t n = 0; n < extents.size(); ++n) {
    std::int64_t other = extents[(n * 7 + 3) % extents.size()], small = extents[(n * 5 + 2) % extents.size()];
    for (bool guardEnd : {true, false}) {
      compiled.run(sizesOf(named.kernel, extents[n], other, std::min<std::int64_t>(small, 20), 5), {}, guardEnd);
      compiled.run(sizesOf(named.kernel, other, extents[n], 5, std::min<std::int64_t>(small, 33)), {}, guardEnd);
    }
    if (HasFailure()) return;
  }
  compiled.run(sizesOf(named.kernel, 300, 300, 17, 9));
}

INSTANTIATE_TEST_SUITE_P(All, Shapes,
                         ::testing::Combine(::testing::ValuesIn(kernels()), ::testing::ValuesIn(instructionSets())),
                         [](auto& info) { return std::get<0>(info.param).name + "_" + std::get<1>(info.param); });

/// Of few rows, with depths and columns that the types know: the keys are read by vectors and split.
TEST_P(Shapes, agreeWithLoopsForFewRows) {
  auto& [named, features] = GetParam();
  for (auto [rows, depth, values] : {std::array{0, 16, 40}, {1, 24, 16}, {2, 17, 33}}) {  // 0: unknown
    KernelCase kernel = named.kernel;
    for (auto& dim : kernel.dims())
      if (dim[0] == 'd' || dim[0] == 'v' || (dim[0] == 'q' && rows > 0))
        kernel.known[dim] = dim[0] == 'd' ? depth : dim[0] == 'v' ? values : rows;
    Compiled compiled(kernel, features);
    for (std::int64_t keys : {0, 1, 5, 131, 1024, 1030, 2050})
      compiled.run(sizesOf(kernel, rows ? rows : 1 + keys % 7, keys, depth, values), {}, keys % 2 == 0);
    if (HasFailure()) return;
  }
}

/// Of bf16 a word of memory is two numbers; the last piece may overlap the one before.
TEST(Attention, fewRowsReadTwoNumbersOfAWord) {
  KernelCase positions = sdpa();  // of the depth: the reference takes them from an operand
  positions.similar[0].push_back({{"d"}});
  positions.bodies = {
      "%i = arith.index_cast %i(d) : index to i32\n%x = arith.sitofp %i : i32 to f32\n"
      "%c = arith.constant 0.03125 : f32\n%y = arith.mulf %x, %c : f32\n%p = arith.mulf %a0, %a1 : f32\n"
      "%r = arith.mulf %p, %y : f32\ntile.yield %r : f32"};
  positions.body = [](int, const Numbers& x) { return x[0] * x[1] * x[2] / 32; };
  auto count = [](std::vector<Data*>& data) { data[2]->fill([n = 0]() mutable { return n++; }); };
  KernelCase strided = permuted(sdpa(), {{"o", "d", "q"}, {"k", "o", "d"}, {"o", "k", "v"}, {"v", "o", "q"}});
  std::vector<std::pair<KernelCase, KernelRun::Fill>> cases{{positions, count}};
  for (const KernelCase& kernel :
       {withLse(sdpa()), withStart(sdpa()), padded(causal(sdpa())), grouped(), additive(), strided})
    cases.push_back({kernel, {}});
  for (auto& features : instructionSets())
    for (auto& [kernel, fill] : cases)
      for (auto [rows, depth, values] : {std::array{4, 64, 50}, {1, 50, 96}}) {
        KernelCase words = narrow(kernel, "bf16");
        words.known = {{"q", rows}, {"d", depth}, {"v", values}};
        Compiled compiled(words, features);
        for (std::int64_t keys : {3, 1030}) compiled.run(sizesOf(words, rows, keys, depth, values), fill, keys == 3);
      }
}

/// Depths and columns that the types know: bf16 is multiplied by pairs, or by matrix registers, where there are such.
TEST(Attention, pairsAgreeWithLoops) {
  const std::vector<Named> cases{{"causal", causal(withLse(sdpa()))},
                                 {"documents", documents(withLse(sdpa()))},
                                 {"window", window(sdpa(), 20)},
                                 {"lengths", lengths(sdpa())},
                                 {"grouped", grouped()},
                                 {"alibi", causal(alibi())},
                                 {"softcap", softcap()},
                                 {"biasTensor", biasTensor(sdpa())},
                                 {"maskTensor", maskTensor(withLse(sdpa()))},
                                 {"dropout", dropout(causal(sdpa()))},
                                 {"start", withStart(withLse(sdpa()))},
                                 {"padded", padded(sdpa())}};
  const std::vector<std::pair<int, int>> depths{{64, 64}, {10, 17}, {40, 24}, {34, 49}, {128, 32}};
  for (auto& features : instructionSets())
    for (auto [n, named] : llvm::enumerate(cases)) {
      auto [depth, values] = depths[n % depths.size()];
      SCOPED_TRACE(named.name + " " + features);
      KernelCase kernel = narrow(named.kernel, "bf16");
      kernel.known = {{"d", depth}, {"v", values}};
      Compiled compiled(kernel, features);
      for (auto [rows, keys] : {std::array{9, 1}, {17, 2}, {33, 131}, {64, 33}, {130, 300}, {300, 129}, {520, 65}})
        compiled.run(sizesOf(kernel, rows, keys, depth, values), {}, keys % 2 == 0);
      if (HasFailure()) return;
    }
}

TEST(Attention, hiddenKeysContributeNothingWhateverTheyHold) {
  KernelCase plain = lengths(withLse(sdpa())), pairs = narrow(plain, "bf16");
  pairs.known = {{"d", 8}, {"v", 9}};
  std::vector<std::pair<KernelCase, std::string>> cases;
  for (auto& features : instructionSets()) cases.insert(cases.end(), {{plain, features}, {pairs, features}});
  for (auto& [kernel, features] : cases) {
    SCOPED_TRACE(kernel.value.type + " " + features);
    Compiled compiled(kernel, features);
    for (std::int64_t keys : {17, 70, 200}) {
      Sizes sizes = sizesOf(compiled.kernel, 70, keys, 8, 9);
      compiled.run(sizes, [&](std::vector<Data*>& data) {
        for (std::int64_t o = 0; o < 2; ++o) {
          std::int64_t length = o == 0 ? keys / 2 : 0;
          data[2]->set(o, double(length));
          for (std::int64_t k = length; k < keys; ++k)
            for (int d = 0; d < 9; ++d) {
              if (d < 8) data[1]->set(data[1]->index({{"o", o}, {"k", k}, {"d", d}}), nan);
              data[3]->set(data[3]->index({{"o", o}, {"k", k}, {"v", d}}), nan);
            }
        }
      });
    }
  }
}

TEST(Attention, fewRowsSeeNothingOfHiddenKeysAndSplitThemAlikeForAnyNumberOfThreads) {
  for (auto& features : instructionSets()) {
    KernelCase kernel = lengths(withLse(sdpa()));
    kernel.known = {{"d", 20}, {"v", 24}};
    Compiled compiled(kernel, features);
    Sizes sizes = sizesOf(kernel, 3, 5000, 20, 24);
    auto hide = [&](std::vector<Data*>& data) {
      for (std::int64_t o = 0; o < 2; ++o) {
        std::int64_t length = o == 0 ? 2500 : 0;
        data[2]->set(o, double(length));
        for (std::int64_t k = length; k < 5000; ++k)
          for (int d = 0; d < 20; ++d) {
            data[1]->set(data[1]->index({{"o", o}, {"k", k}, {"d", d}}), nan);
            data[3]->set(data[3]->index({{"o", o}, {"k", k}, {"v", d}}), nan);
          }
      }
    };
    auto one = compiled.run(sizes, hide), two = compiled.run(sizes, hide, true, 2);
    for (std::size_t n = 0; n < one.size(); ++n)
      EXPECT_EQ(0, std::memcmp(one[n].data(), two[n].data(), one[n].size() * sizeof(double)));
  }
}

/// The last block of rows repeats its last row; the repeated rows must not make a key visible.
TEST(Attention, repeatedRowsSeeNothing) {
  for (auto& features : instructionSets()) {
    Compiled compiled(causal(sdpa()), features);
    Sizes sizes = sizesOf(compiled.kernel, 20, 40, 8, 9);
    compiled.run(sizes, [&](std::vector<Data*>& data) {
      for (std::int64_t o = 0; o < 2; ++o)
        for (std::int64_t k = 20; k < 40; ++k) data[2]->set(data[2]->index({{"o", o}, {"k", k}, {"v", 3}}), nan);
    });
  }
}

TEST(Attention, specialValuesComeOutAsInTheReference) {
  for (auto& features : instructionSets()) {
    Compiled compiled(withLse(sdpa()), features);
    Sizes sizes = sizesOf(compiled.kernel, 20, 90, 4, 5);
    for (double special : {nan, double(INFINITY), -double(INFINITY)})
      for (std::int64_t key : {0, 40, 89})
        compiled.run(sizes, [&](std::vector<Data*>& data) {
          data[0]->set(data[0]->index({{"o", 0}, {"q", 7}, {"d", 1}}), nan);
          for (int q = 0; q < 20; ++q) data[0]->set(data[0]->index({{"o", 1}, {"q", q}, {"d", 2}}), 1 + q % 2);
          data[1]->set(data[1]->index({{"o", 1}, {"k", key}, {"d", 2}}), special);
        });
    // Large scores: no overflow, and the weight of everything else is exactly zero.
    compiled.run(sizes, [&](std::vector<Data*>& data) {
      data[0]->fill([n = 0]() mutable { return n++ % 4 == 0 ? 3e4 : 0; });
      data[1]->fill([n = 0]() mutable { return n % 4 == 0 ? n++ * 10. : (n++, 0); });
    });
  }
}

/// Of bf16 and no mask, weights are made under the maximum of the keys before, where it stays or grows by little.
TEST(Attention, maximaOfPairsGrowByAnything) {
  KernelCase kernel = narrow(sdpa(), "bf16");
  kernel.known = {{"d", 8}, {"v", 6}};
  constexpr std::int64_t rows = 150, keys = 800;
  const Sizes sizes = sizesOf(kernel, rows, keys, 8, 6);
  for (auto& features : instructionSets()) {
    SCOPED_TRACE(features);
    Compiled compiled(kernel, features);
    auto run = [&](std::function<double(std::int64_t)> ofKey) {
      compiled.run(sizes, [&](std::vector<Data*>& data) {
        for (std::int64_t o = 0; o < 2; ++o) {
          for (std::int64_t q = 0; q < rows; ++q) data[0]->set(data[0]->index({{"o", o}, {"q", q}, {"d", 0}}), q % 3);
          for (std::int64_t k = 0; k < keys; ++k)
            data[1]->set(data[1]->index({{"o", o}, {"k", k}, {"d", 0}}), o ? ofKey(k) : ofKey(keys - k));
        }
      });
    };
    for (double slope : {0., .01, .1, 3.}) run([&](std::int64_t k) { return slope * double(k); });
    run([](std::int64_t k) { return double(k / 200 * 30); });
    for (double special : {nan, double(INFINITY), -double(INFINITY)})
      run([&](std::int64_t k) { return k == 500 ? special : 0; });
    run([](std::int64_t k) { return k < 300 ? -double(INFINITY) : 1; });
  }
}

/// e^2a e^2b in place of e^(2a + 2b) must not be seen: neither where a and b cancel, nor where they are huge, nor where
/// a factor is 0. Without lse, for with it they are not taken.
TEST(Attention, sumsOfTanhOfNumbersOfAnySize) {
  KernelCase difference = additive();
  difference.similar = {{{{"o", "k", "d"}}, {{"o", "q", "d"}}}};
  difference.bodies = {"%x = arith.subf %a0, %a1 : f32\n%t = math.tanh %x : f32\ntile.yield %t : f32"};
  difference.body = [](int, const Numbers& x) { return std::tanh(x[0] - x[1]); };
  KernelCase turned = difference;
  turned.bodies = {"%x = arith.subf %a1, %a0 : f32\n%t = math.tanh %x : f32\ntile.yield %t : f32"};
  turned.body = [](int, const Numbers& x) { return std::tanh(x[1] - x[0]); };
  for (auto& features : instructionSets())
    for (auto& [kernel, sign] : {std::pair{additive(), -1}, {difference, 1}, {turned, 1}}) {
      Compiled compiled(kernel, features);
      for (int64_t depth : {7, 24})
        for (double size : {0., 1., 8., 20., 33., 36., 60., 1e30, double(INFINITY), nan})
          compiled.run(sizesOf(kernel, 70, 90, depth, 5), [&, sign = sign](std::vector<Data*>& data) {
            for (int n : {0, 1})  // near each other, so that what tanh is taken of is not
              for (std::size_t i = 0; i < data[n]->count(); i += 3)
                data[n]->set(i, data[n]->numbers()[i] + (n == 0 ? size : sign * size));
            if (sign < 0) data[2]->set(2, 0);
          });
    }
}

TEST(Attention, bitwiseEqualForAnyNumberOfThreadsAndAmongRows) {
  KernelCase plain = causal(withLse(sdpa())), pairs = narrow(plain, "bf16");
  pairs.known = {{"d", 16}, {"v", 24}};
  for (const KernelCase& kernel : {plain, pairs}) {
    Compiled compiled(kernel);
    Sizes sizes = sizesOf(kernel, 300, 300, 16, 24);
    auto one = compiled.run(sizes), two = compiled.run(sizes, {}, true, 2);
    for (std::size_t n = 0; n < one.size(); ++n)
      EXPECT_EQ(0, std::memcmp(one[n].data(), two[n].data(), one[n].size() * sizeof(double)));
  }
}

TEST(Attention, tilesOfAnyWidthAgree) {
  for (auto [vectors, keys, values, block] : {std::array{1, 8, 8, 32}, {2, 4, 4, 64}, {3, 8, 8, 96}, {4, 6, 6, 96}}) {
    codegen::TileLowerAttentionOptions options;
    options.vectors = vectors, options.keys = keys, options.values = values, options.block = block;
    Compiled compiled(causal(withLse(sdpa())), "", options);
    for (std::int64_t rows : {1, 31, 130}) compiled.run(sizesOf(compiled.kernel, rows, rows + 5, 10, 11));
  }
}

/// Of every line of the table: deep and shallow, masked and not. Of sets with products of pairs in bf16: in f32 they do
/// what those without do.
TEST(Attention, everyTileOfTheTableAgrees) {
  std::vector<std::pair<KernelCase, int>> cases{{sdpa(), 18},
                                                {causal(withLse(sdpa())), 18},
                                                {sdpa(), 96},
                                                {documents(causal(sdpa())), 96},
                                                {softcap(), 16},
                                                {withStart(withLse(sdpa())), 100},
                                                {additive(), 24},
                                                {grouped(), 64},
                                                {dropout(causal(sdpa())), 40}};
  for (const std::string& set : instructionSets())
    for (const std::string& target : otherTiles(set))
      for (auto& [kernel, depth] : cases) {
        SCOPED_TRACE(target + " " + std::to_string(depth));
        KernelCase known = codegen::targetFor(set)->bf16 ? narrow(kernel, "bf16") : kernel;
        known.known = {{"d", depth}, {"v", 33}};
        Compiled compiled(known, target);
        for (auto [rows, keys] : {std::array{33, 131}, {130, 300}, {300, 97}})
          compiled.run(sizesOf(known, rows, keys, depth, 33), {}, keys % 2 == 0);
        if (HasFailure()) return;
      }
}

TEST(Attention, bitsDoNotDependOnThreadsByAnyTile) {
  KernelCase plain = causal(withLse(sdpa())), pairs = narrow(plain, "bf16");
  pairs.known = {{"d", 16}, {"v", 24}};
  for (const std::string& target : otherTiles(instructionSets().front()))
    for (const KernelCase& kernel : {plain, pairs}) {
      Compiled compiled(kernel, target);
      Sizes sizes = sizesOf(kernel, 300, 300, 16, 24);
      auto one = compiled.run(sizes), two = compiled.run(sizes, {}, true, 2);
      for (std::size_t n = 0; n < one.size(); ++n)
        EXPECT_EQ(0, std::memcmp(one[n].data(), two[n].data(), one[n].size() * sizeof(double)));
    }
}

TEST(Attention, anElementTypeWithoutAKernelIsAnError) {
  KernelCase kernel = sdpa();
  kernel.value.type = "f64";
  try {
    compileKernel(kernel.text(), *codegen::targetFor());
    FAIL() << "compiled";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("value: element type 'f64'"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace heed::testing
