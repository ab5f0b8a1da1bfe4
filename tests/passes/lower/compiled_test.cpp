// The contract of every op: what it compiles to computes what it evaluates to, whatever the extents.
#include <gtest/gtest.h>

#include "../fusion/random_rows.h"
#include "meaning.h"

namespace heed::ir::test {
namespace {

/// For this CPU, called on one thread.
Call onCpu(const std::string& text) {
  auto code = std::make_shared<heed::testing::CompiledText>(text);
  return [code](llvm::ArrayRef<std::unique_ptr<Place>> places) {
    std::vector<void*> pointers;
    for (auto& place : places) pointers.push_back(place->descriptor());
    heed::Session session(1);
    code->code.entry(&session, pointers.data());
  };
}

class Compiled : public ::testing::TestWithParam<Sample> {};

TEST_P(Compiled, ComputesWhatItEvaluatesTo) { expectMeaning(GetParam(), false, onCpu); }
TEST_P(Compiled, ComputesTheSameFused) { expectMeaning(GetParam(), true, onCpu); }

TEST(Compiled, RandomChainsComputeWhatTheyEvaluateTo) {
  const char *given = std::getenv("HEED_SEED"), *many = std::getenv("HEED_CASES");
  unsigned seed = given ? unsigned(std::atol(given)) : 20240607u;
  for (int n = 0; n < (many ? std::atoi(many) : 40) && !::testing::Test::HasFailure(); ++n) {
    mlir::MLIRContext context;
    context.loadDialect<HeedDialect, mlir::func::FuncDialect>();
    std::string text;
    llvm::raw_string_ostream(text) << *heed::test::randomRows(context, seed + unsigned(n));
    SCOPED_TRACE("HEED_SEED=" + std::to_string(seed) + " case " + std::to_string(n));
    expectMeaning({"random", text, 2e-5}, true, onCpu);
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, Compiled, ::testing::ValuesIn(samples()),
                         [](const auto& info) { return info.param.name; });

TEST(Samples, LeaveNoOpOut) {
  std::string all;
  for (const Sample& sample : samples()) all += sample.text;
  for (const std::string& word : words(false))
    EXPECT_NE(all.find("heed." + word + " "), std::string::npos) << word << " has no sample";
}

}  // namespace
}  // namespace heed::ir::test
