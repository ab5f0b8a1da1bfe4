// The contract of every op for kernels of a GPU, run by the SIMT interpreter.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

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
    session.device([&] { return std::move(device); }).run(session, code->host.entry, pointers.data());
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

TEST(OnGpu, RemaindersAreExact) {
  auto code = simt::compileTiled(R"(
    func.func @f(%x: memref<?xf32>, %y: memref<?xf32>, %o: memref<?xf32>) {
      linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
                      iterator_types = ["parallel"]} ins(%x, %y : memref<?xf32>, memref<?xf32>) outs(%o : memref<?xf32>) {
      ^bb0(%a: f32, %b: f32, %c: f32):
        %r = arith.remf %a, %b : f32
        linalg.yield %r : f32
      }
      return
    })");
  std::vector<float> x, y;
  const float some[] = {0, -0.f, 1, -3, 5.3f, 1e30f, 3.4e38f, 1e-45f, 7e-39f, 16777217.f, INFINITY, -INFINITY, NAN};
  for (float a : some)
    for (float b : some) x.push_back(a), y.push_back(b);
  std::mt19937 random(5);
  for (int n = 0; n < 2000; ++n) {
    x.push_back(std::bit_cast<float>(std::uint32_t(random())));
    y.push_back(std::bit_cast<float>(std::uint32_t(random())));
  }
  std::vector<float> out(x.size());
  auto device = std::make_unique<simt::Simulated>(code.program);
  std::int64_t descriptors[3][5];
  void* arguments[3];
  for (int n = 0; auto* a : {&x, &y, &out}) {
    device->lend(a->data(), std::int64_t(a->size() * sizeof(float)));
    auto address = reinterpret_cast<std::int64_t>(a->data());
    std::int64_t words[] = {address, address, 0, std::int64_t(a->size()), 1};
    std::copy_n(words, 5, descriptors[n]);
    arguments[n] = descriptors[n];
    ++n;
  }
  heed::Session session(1);
  session.device([&] { return std::move(device); }).run(session, code.host.entry, arguments);
  for (std::size_t n = 0; n < x.size(); ++n) {
    float want = std::fmod(x[n], y[n]);
    if (std::isnan(want) && std::isnan(out[n])) continue;
    EXPECT_EQ(std::bit_cast<std::uint32_t>(out[n]), std::bit_cast<std::uint32_t>(want)) << x[n] << " % " << y[n];
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, OnGpu, ::testing::ValuesIn(samples()), [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace heed::ir::test
