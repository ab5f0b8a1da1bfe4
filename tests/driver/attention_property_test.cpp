// Random attention, compiled, against the f64 reference: the error bound of the numerics, fusion, thread invariance.
//
// HEED_SIGNATURES=N tries N formulas (250 in the ordinary run), HEED_SEED=S replays from one seed.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "expect_close.h"
#include "heed/driver/compile.h"
#include "heed/driver/reference.h"
#include "heed/runtime/runner.h"
#include "random_attention.h"

namespace heed::test {
namespace {

std::int64_t setting(const char* name, std::int64_t standard) {
  const char* text = std::getenv(name);
  return text ? std::atoll(text) : standard;
}

std::vector<ArrayView> views(const std::vector<AnyArray>& arrays) {
  std::vector<ArrayView> all;
  for (const AnyArray& a : arrays) all.push_back(a.view);
  return all;
}

void expectSame(const std::vector<AnyArray>& got, const std::vector<AnyArray>& want, const std::string& what) {
  for (std::size_t r = 0; r < got.size(); ++r)
    ASSERT_EQ(0, std::memcmp(got[r].view.data, want[r].view.data, std::size_t(got[r].view.size()) * 4))
        << "result " << r << what;
}

double largest(const std::vector<AnyArray>& inputs, const RandomAttention& attention, const std::string& name) {
  double most = 0;
  for (std::size_t n = 0; n < inputs.size(); ++n) {
    if (attention.inputs()[n].name != name) continue;
    auto* x = static_cast<const float*>(inputs[n].view.data);
    for (std::int64_t e = 0; e < inputs[n].view.size(); ++e) most = std::max(most, double(std::fabs(x[e])));
  }
  return most;
}

/// Counts the calls whose padding was poisoned.
void checkSignature(std::uint64_t seed, int& poisoned) {
  RandomAttention attention(seed);
  SCOPED_TRACE("HEED_SEED=" + std::to_string(seed) + " HEED_SIGNATURES=1: " + attention.description());
  GraphView graph = attention.graph();
  std::shared_ptr<const Executable> executable;
  ASSERT_NO_THROW(executable = compile(graph, {.explain = true}));
  EXPECT_EQ(executable->statistics.kernels, 1) << executable->explanation;
  auto reference = referenceOf(graph);
  Runner one(executable, 1), two(executable, 2);

  Dice dice(seed ^ 0x9e3779b97f4a7c15u);
  std::int64_t compiled = compileCount();
  for (int shape = 0; shape < 8; ++shape) {
    auto extents = attention.extents(dice);
    std::string sizes;
    for (auto& [symbol, extent] : extents) sizes += symbol + "=" + std::to_string(extent) + " ";
    SCOPED_TRACE("shape " + std::to_string(shape) + ": " + sizes);
    std::vector<AnyArray> inputs;
    for (const auto& input : attention.inputs()) inputs.push_back(attention.data(input, extents, dice));
    if (dice.chance(.2)) attention.strike(inputs, dice);
    auto single = one.run(views(inputs));
    expectSame(two.run(views(inputs)), single, " differs between one and two threads");
    auto want = reference->evaluate(views(inputs)), naive = reference->evaluate(views(inputs), Precision::naive);
    for (std::size_t r = 0; r < single.size(); ++r)
      expectClose(single[r], want[r], naive[r], r == 0 ? largest(inputs, attention, "v") : 1,
                  "result " + std::to_string(r));
    if (attention.poison(inputs, dice)) {
      ++poisoned;
      expectSame(one.run(views(inputs)), single, " shows what padding holds");
    }
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_EQ(compileCount(), compiled) << "another shape must not compile again";
}

TEST(AttentionProperty, RandomSignatures) {
  std::int64_t seed = setting("HEED_SEED", 1), signatures = setting("HEED_SIGNATURES", 250);
  int poisoned = 0;
  for (std::int64_t n = 0; n < signatures; ++n) {
    checkSignature(std::uint64_t(seed + n), poisoned);
    if (HasFailure()) return;
  }
  if (signatures >= 100) EXPECT_GT(poisoned, signatures / 2);
}

}  // namespace
}  // namespace heed::test
