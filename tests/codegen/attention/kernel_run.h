// For tests: a kernel case on random data, compared with its reference, whoever compiled it and wherever it runs.
//
// Read attention_test.cpp (CPU) and tests/codegen/gpu/attention_test.cpp for its use.
#pragma once

#include <gtest/gtest.h>

#include <ostream>

#include "heed/tests/codegen/attention/kernels.h"

namespace heed::testing {

struct KernelRun {
  KernelCase kernel;
  std::function<void(const std::vector<Data*>&, std::vector<void*>& arguments, int threads)> call;
  bool roundsWeights = false;  // to bf16, where the values are

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
    call(data, arguments, threads);
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
      if (roundsWeights && kernel.value.type == "bf16") tolerance += std::ldexp(1, -9);
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

inline Sizes sizesOf(const KernelCase& kernel, std::int64_t rows, std::int64_t keys, std::int64_t depth,
                     std::int64_t values) {
  Sizes sizes;
  for (auto& dim : kernel.dims())
    sizes[dim] = dim[0] == 'q' ? rows : dim[0] == 'k' ? keys : dim[0] == 'd' ? depth : dim[0] == 'v' ? values : 2;
  for (auto& [dim, size] : kernel.known)
    if (dim[0] == 'o') sizes[dim] = size;
  return sizes;
}

struct Named {
  std::string name;
  KernelCase kernel;
};
inline void PrintTo(const Named& named, std::ostream* out) { *out << named.name; }

/// The kernels that people write.
inline std::vector<Named> kernels() {
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

}  // namespace heed::testing
