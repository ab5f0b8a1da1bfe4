// The contract of every op for kernels of a GPU, run by the SIMT interpreter.
#include <gtest/gtest.h>

#include "../../passes/fusion/random_rows.h"
#include "../../passes/lower/meaning.h"
#include "heed/runtime/device_session.h"
#include "simulated.h"

namespace heed::ir::test {
namespace {

Call onGpu(const std::string& text) {
  auto code = std::make_shared<simt::Code>(simt::compileTiled(text));
  return [code](llvm::ArrayRef<std::unique_ptr<Place>> places) {
    auto device = std::make_unique<simt::Simulated>(code->program);
    std::vector<void*> pointers;
    for (auto& place : places) {
      device->lend(place->data(), std::int64_t(place->size()));
      pointers.push_back(place->descriptor());
    }
    heed::Session session(1);
    session.device([&] { return std::move(device); });
    code->host.entry(&session, pointers.data());
  };
}

class OnGpu : public ::testing::TestWithParam<Sample> {};

TEST_P(OnGpu, ComputesWhatItEvaluatesTo) { expectMeaning(GetParam(), false, onGpu); }
TEST_P(OnGpu, ComputesTheSameFused) { expectMeaning(GetParam(), true, onGpu); }

TEST(OnGpu, RandomChainsComputeWhatTheyEvaluateTo) {
  const char* given = std::getenv("HEED_SEED");
  unsigned seed = given ? unsigned(std::atol(given)) : 20240607u;
  for (int n = 0; n < 20 && !::testing::Test::HasFailure(); ++n) {
    mlir::MLIRContext context;
    context.loadDialect<HeedDialect, mlir::func::FuncDialect>();
    std::string text;
    llvm::raw_string_ostream(text) << *heed::test::randomRows(context, seed + unsigned(n));
    SCOPED_TRACE("HEED_SEED=" + std::to_string(seed) + " case " + std::to_string(n));
    expectMeaning({"random", text, 2e-5}, true, onGpu);
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, OnGpu, ::testing::ValuesIn(samples()), [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace heed::ir::test
