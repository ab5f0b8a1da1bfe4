// Every function on every instruction set: special numbers, a stride through all bit patterns, and equal bits from
// lanes and tails. The long form is ulp_all.cpp.
#include "heed/tests/codegen/math/ulp.h"

#include <gtest/gtest.h>

namespace heed::testing {
namespace {

struct Math : ::testing::TestWithParam<std::string> {};

TEST_P(Math, StaysWithinItsError) {
  codegen::Target target = *codegen::targetFor(GetParam());
  for (const MathFunction& f : mathFunctions) {
    auto run = compiledFunction(f.name, target);
    WorstCase worst = worstCase(f, run, 1, 2111, (std::uint64_t(1) << 32) / 2111);
    EXPECT_LE(worst.ulp, f.limit) << f.name << "(" << worst.x << ") = " << worst.y;
    std::printf("%-6s %.3f ULP at %g\n", f.name, worst.ulp, worst.x);
  }
}

TEST_P(Math, KnowsTheSpecialNumbers) {
  using limits = std::numeric_limits<float>;
  const float inputs[] = {0.f,
                          -0.f,
                          limits::infinity(),
                          -limits::infinity(),
                          limits::quiet_NaN(),
                          limits::denorm_min(),
                          -limits::denorm_min(),
                          limits::min(),
                          limits::max(),
                          limits::lowest(),
                          1.f,
                          -1.f,
                          88.8f,
                          -103.9f,
                          128.f,
                          127.99999f,
                          -149.f,
                          -150.f,
                          -126.5f,
                          -0x1.76da64p+2f,  // where errors of exp have been largest
                          -0x1.77a92ap+2f,
                          0x1.aba87cp+4f};
  for (const MathFunction& f : mathFunctions) {
    auto run = compiledFunction(f.name, *codegen::targetFor(GetParam()));
    Tensor<float> x({std::ssize(inputs)}), y({std::ssize(inputs)});
    for (std::int64_t n = 0; n < std::ssize(inputs); ++n) x[{n}] = inputs[n];
    run(x, y);
    for (std::int64_t n = 0; n < std::ssize(inputs); ++n) {
      if (std::fabs(inputs[n]) > f.range && !std::isinf(inputs[n])) continue;
      EXPECT_LE(ulpError(y[{n}], f.reference(inputs[n])), f.limit) << f.name << "(" << inputs[n] << ") = " << y[{n}];
    }
  }
}

TEST_P(Math, WhatRisesToOneStaysThere) {
  for (const MathFunction& f : mathFunctions) {
    if (f.reference(20) != 1 || f.reference(-20) != -1) continue;  // tanh, erf
    auto run = compiledFunction(f.name, *codegen::targetFor(GetParam()));
    Tensor<float> x({200}), y({200});
    for (int n = 0; n < 200; ++n) x[{n}] = (n % 2 ? -1.f : 1.f) * 9.2f * std::pow(2.f, float(n) * .63f);
    run(x, y);
    for (int n = 0; n < 200; ++n) EXPECT_EQ(y[{n}], n % 2 ? -1.f : 1.f) << f.name << "(" << x[{n}] << ")";
  }
}

std::vector<std::string> instructionSets() {
  std::vector<std::string> names;
  for (const char* name : {"avx512", "avx2", "baseline"})
    if (codegen::targetFor(name)->runsHere) names.push_back(name);
  return names;
}
INSTANTIATE_TEST_SUITE_P(Targets, Math, ::testing::ValuesIn(instructionSets()), [](auto& info) { return info.param; });

}  // namespace
}  // namespace heed::testing
