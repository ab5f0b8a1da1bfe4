// The attention kernel against f64 loops: shapes, layouts, bodies, masks, captures, special values, instruction sets.
//
// Every operand ends at a guard page (and begins at one in a second run), so reading out of bounds stops the test.
#include <gtest/gtest.h>

#include <cstring>

#include "heed/runtime/session.h"
#include "heed/tests/codegen/attention/compile_kernel.h"
#include "heed/tests/codegen/attention/kernel_case.h"
#include "heed/tests/codegen/attention/kernels.h"

namespace heed::testing {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// A kernel for one target, and how to call it.
struct Compiled {
  KernelCase kernel;
  CompiledKernel code;
  explicit Compiled(KernelCase k, const std::string& features = "", codegen::TileLowerAttentionOptions options = {})
      : kernel(std::move(k)) {
    options.features = features;
    code = compileKernel(kernel.text(), *codegen::targetFor(features), options);
  }

  using Fill = std::function<void(std::vector<Data*>&)>;
  /// Runs on random data that `change` may touch up; out and lse as the kernel left them.
  std::vector<Numbers> run(const Sizes& sizes, const Fill& change = {}, bool guardEnd = true, int threads = 1,
                           bool compare = true, double tolerance = 4e-6) {
    std::vector<std::unique_ptr<Data>> owned;
    std::vector<Data*> data;
    std::vector<void*> arguments;
    std::mt19937 random(unsigned(sizes.at("q") * 1000 + sizes.at("k")));
    std::normal_distribution<double> normal;
    for (auto& operand : kernel.operands()) {
      owned.push_back(std::make_unique<Data>(operand, sizes, guardEnd));
      data.push_back(owned.back().get());
      arguments.push_back(data.back()->descriptor());
      data.back()->fill([&]() -> double {
        double x = normal(random);
        return operand.type.find('f') != std::string::npos ? x
               : operand.type == "i1"                      ? x > -0.3
                                                           : std::abs(int(x * 40));
      });
    }
    std::size_t outs = kernel.lse ? 2 : 1, first = data.size() - outs;
    if (kernel.start)
      for (std::size_t n = 0; n < data[first - 2]->count(); ++n) data[first - 2]->set(n, std::abs(normal(random)));
    for (std::size_t n = first; n < data.size(); ++n) data[n]->fill([] { return 12345.0; });
    if (change) change(data);
    Session session(threads);
    code.code.entry(&session, arguments.data());
    for (std::size_t n = first; n < data.size(); ++n) data[n]->load();
    if (compare) {
      Expected expected = reference(kernel, sizes, data);
      // The rounding of a score grows like a random walk with the number of its products.
      double scale = 1, products = 1;
      for (auto& [dim, size] : sizes)
        if (dim[0] == 'd') products *= double(size);
      tolerance *= std::max(1.0, std::sqrt(products / 32));
      // What is stored is rounded to half a unit in the last place.
      double stored = kernel.out.type == "bf16" ? std::ldexp(1, -8) : kernel.out.type == "f16" ? std::ldexp(1, -11) : 0;
      for (double x : data[first]->numbers()) scale = std::max(scale, std::isfinite(x) ? std::abs(x) : 0);
      same(data[first]->numbers(), expected.out, tolerance * scale + stored, "out", sizes);
      if (kernel.lse) same(data[first + 1]->numbers(), expected.lse, 1e-5, "lse", sizes);
    }
    std::vector<Numbers> results;
    for (std::size_t n = first; n < data.size(); ++n) results.push_back(data[n]->numbers());
    return results;
  }

  static void same(const Numbers& got, const Numbers& want, double tolerance, const char* what, const Sizes& sizes) {
    for (std::size_t n = 0; n < want.size(); ++n) {
      bool good = std::isnan(want[n])   ? std::isnan(got[n])
                  : std::isinf(want[n]) ? got[n] == want[n]
                                        : std::abs(got[n] - want[n]) <= tolerance * std::max(1.0, std::abs(want[n]));
      if (good) continue;
      std::string extents;
      for (auto& [dim, size] : sizes) extents += dim + "=" + std::to_string(size) + " ";
      ADD_FAILURE() << what << "[" << n << "] is " << got[n] << ", expected " << want[n] << " at " << extents;
      return;
    }
  }
};

std::vector<std::string> instructionSets() {
  std::vector<std::string> sets;
  for (std::string name : {"avx512bf16", "avx512", "avx2", "baseline"})
    if (codegen::targetFor(name)->runsHere) sets.push_back(name);
  return sets;
}

Sizes sizesOf(const KernelCase& kernel, std::int64_t rows, std::int64_t keys, std::int64_t depth, std::int64_t values) {
  Sizes sizes;
  for (auto& dim : kernel.dims())
    sizes[dim] = dim[0] == 'q' ? rows : dim[0] == 'k' ? keys : dim[0] == 'd' ? depth : dim[0] == 'v' ? values : 2;
  return sizes;
}

struct Named {
  std::string name;
  KernelCase kernel;
};
void PrintTo(const Named& named, std::ostream* out) { *out << named.name; }

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

std::vector<Named> kernels() {
  return {
      {"sdpa", sdpa()},
      {"lse", withLse(sdpa())},
      {"rowsContiguous",
       permuted(withLse(sdpa()), {{"o", "d", "q"}, {"d", "o", "k"}, {"v", "o", "k"}, {"o", "v", "q"}})},
      {"nowhereContiguous", permuted(sdpa(), {{"q", "d", "o"}, {"k", "d", "o"}, {"k", "v", "o"}, {"q", "v", "o"}})},
      {"padded", padded(sdpa())},
      {"grouped", grouped()},
      {"manyDims", manyDims()},
      {"noOuter", permuted(sdpa(), {{"q", "d"}, {"k", "d"}, {"k", "v"}, {"q", "v"}})},
      {"causal", causal(withLse(sdpa()))},
      {"lengths", lengths(sdpa())},
      {"documents", documents(withLse(sdpa()))},
      {"window", window(sdpa(), 20)},
      {"maskTensor", maskTensor(sdpa())},
      {"biasTensor", biasTensor(sdpa())},
      {"alibi", causal(alibi())},
      {"softcap", softcap()},
      {"additive", additive()},
      {"gaussian", gaussian()},
      {"twoSimilarities", twoSimilarities()},
      {"dropout", dropout(causal(sdpa()))},
      {"sink", withStart(causal(withLse(sdpa())))},
      {"scoreMinusInfinity", minusInfinity()},
      {"bf16", narrow(causal(withLse(sdpa())), "bf16")},
      {"bf16grouped", narrow(grouped(), "bf16")},
      {"bf16manyDims", narrow(manyDims(), "bf16")},
      {"bf16additive", narrow(additive(), "bf16")},
      {"bf16nowhereContiguous",
       narrow(permuted(lengths(sdpa()), {{"q", "d", "o"}, {"k", "d", "o"}, {"k", "v", "o"}, {"q", "v", "o"}}), "bf16")},
      {"f16rowsContiguous",
       narrow(permuted(sdpa(), {{"o", "d", "q"}, {"d", "o", "k"}, {"v", "o", "k"}, {"o", "v", "q"}}), "f16")},
      {"f16documents", narrow(documents(sdpa()), "f16")},
      {"f16twoSimilarities", narrow(twoSimilarities(), "f16")}};
}

INSTANTIATE_TEST_SUITE_P(All, Shapes,
                         ::testing::Combine(::testing::ValuesIn(kernels()), ::testing::ValuesIn(instructionSets())),
                         [](auto& info) { return std::get<0>(info.param).name + "_" + std::get<1>(info.param); });

TEST(Attention, hiddenKeysContributeNothingWhateverTheyHold) {
  for (auto& features : instructionSets()) {
    Compiled compiled(lengths(withLse(sdpa())), features);
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

TEST(Attention, bitwiseEqualForAnyNumberOfThreadsAndAmongRows) {
  Compiled compiled(causal(withLse(sdpa())));
  Sizes sizes = sizesOf(compiled.kernel, 300, 300, 16, 24);
  auto one = compiled.run(sizes), two = compiled.run(sizes, {}, true, 2);
  for (std::size_t n = 0; n < one.size(); ++n)
    EXPECT_EQ(0, std::memcmp(one[n].data(), two[n].data(), one[n].size() * sizeof(double)));
}

TEST(Attention, tilesOfAnyWidthAgree) {
  for (auto [vectors, keys, values, block] : {std::array{1, 8, 8, 32}, {2, 4, 4, 64}, {3, 8, 8, 96}, {4, 6, 6, 96}}) {
    codegen::TileLowerAttentionOptions options;
    options.vectors = vectors, options.keys = keys, options.values = values, options.block = block;
    Compiled compiled(causal(withLse(sdpa())), "", options);
    for (std::int64_t rows : {1, 31, 130}) compiled.run(sizesOf(compiled.kernel, rows, rows + 5, 10, 11));
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
