// Whole graphs as a session runs them on a device, with the SIMT interpreter for one: random attention against the f64
// reference, a model with a memory against the CPU, narrow numbers by tensor cores.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>

#include "../../driver/expect_close.h"
#include "../../driver/random_attention.h"
#include "heed/driver/reference.h"
#include "heed/heed.h"
#include "heed/tests/random_parameters.h"
#include "on_driver.h"
#include "simulated.h"

namespace heed::test {
namespace {

std::vector<ArrayView> views(const std::vector<AnyArray>& arrays) {
  std::vector<ArrayView> all;
  for (const AnyArray& a : arrays) all.push_back(a.view);
  return all;
}

TEST(GraphsOnGpu, RandomAttention) {
  const char *given = std::getenv("HEED_SEED"), *many = std::getenv("HEED_SIGNATURES");
  std::uint64_t seed = given ? std::strtoull(given, nullptr, 10) : 1;
  for (int n = 0; n < (many ? std::atoi(many) : 30); ++n, ++seed) {
    RandomAttention attention(seed);
    SCOPED_TRACE("HEED_SEED=" + std::to_string(seed) + " HEED_SIGNATURES=1: " + attention.description());
    simt::Compiled compiled = simt::compile(attention.graph());
    EXPECT_EQ(compiled.attentions, 1);
    auto reference = referenceOf(attention.graph());
    Runner run(compiled.executable, 1);
    Dice dice(seed ^ 0x9e3779b97f4a7c15u);
    for (int shape = 0; shape < 2; ++shape) {
      auto extents = attention.extents(dice);
      for (auto& [symbol, extent] : extents) extent %= 75;  // two or three tiles each way
      std::vector<AnyArray> inputs;
      double scale = 1;
      for (const auto& input : attention.inputs()) {
        inputs.push_back(attention.data(input, extents, dice));
        auto* x = static_cast<const float*>(inputs.back().view.data);
        for (std::int64_t i = 0; input.name == "v" && i < inputs.back().view.size(); ++i)
          scale = std::max(scale, double(std::fabs(x[i])));
      }
      if (dice.chance(.2)) attention.strike(inputs, dice);
      std::vector<AnyArray> got;
      ASSERT_NO_THROW(got = run.run(views(inputs)));
      auto want = reference->evaluate(views(inputs)), naive = reference->evaluate(views(inputs), Precision::naive);
      for (std::size_t r = 0; r < got.size(); ++r)
        expectClose(got[r], want[r], naive[r], r == 0 ? scale : 1, "result " + std::to_string(r));
      if (attention.poison(inputs, dice)) {
        auto again = run.run(views(inputs));
        for (std::size_t r = 0; r < got.size(); ++r)
          EXPECT_EQ(0, std::memcmp(again[r].view.data, got[r].view.data, std::size_t(got[r].view.size()) * 4))
              << "shows what padding holds";
      }
      if (HasFailure()) return;
    }
  }
}

struct Batch : axis<"batch"> {};
struct Seq : sequence<"seq", Batch> {};
struct Key : memory<Seq, "key"> {};
struct Heads : axis<"heads", 2> {};
struct Depth : axis<"depth", 8> {};
struct Model : axis<"model", 16> {};
struct Vocab : axis<"vocab", 11> {};
struct Pos : axis<"pos", 64> {};

struct Layer {
  nn::LayerNorm<Model> norm;
  nn::MultiHeadAttention<Model, Heads, Depth, Key> attn;
  constexpr auto operator()(Tensor<f32, Batch, Seq, Model> x) const {
    return x + attn(norm(x), variants::causal<Seq, Key>());
  }
};
struct Gpt {
  nn::Embedding<Vocab, Model> wte;
  nn::Embedding<Pos, Model> wpe;
  Repeat<2, Layer> layers;
  constexpr Tensor<f32, Batch, Seq, Vocab> operator()(Tensor<i32, Batch, Seq> ids) const {
    return contract<Model>(layers(wte(ids) + wpe(position<Seq>())), wte.weight);
  }
};
constexpr auto gpt = trace(Gpt{}, "ids");

using Ids = Array<i32, Batch, Seq>;

Ids tokens(int batch, int begin, int end) {
  Ids ids(batch, end - begin);
  for (int b = 0; b < batch; ++b)
    for (int s = begin; s < end; ++s) ids(b, s - begin) = (7 * s + 3 * b + s * s) % 11;
  return ids;
}

TEST(GraphsOnGpu, AModelRemembersOnTheDevice) {
  KernelOf<decltype(gpt)> cpu = jit(gpt), gpu(simt::compile(gpt).executable, 1);
  for (auto* run : {&cpu, &gpu}) bindRandom(run->runner(), 7, .5f);
  for (int turn = 0; turn < 2; ++turn) {
    for (auto* run : {&cpu, &gpu}) run->begin({extent<Batch>(3), extent<Key>(24)});
    for (auto [begin, end] : {std::pair(0, 9), std::pair(9, 10), std::pair(10, 11), std::pair(11, 14)}) {
      auto want = cpu(tokens(3, begin, end)), got = gpu(tokens(3, begin, end));
      for (int b = 0; b < 3; ++b)
        for (int s = 0; s < end - begin; ++s)
          for (int v = 0; v < 11; ++v) ASSERT_NEAR(got(b, s, v), want(b, s, v), 2e-5) << begin << ": " << b << " " << s;
      // Rows of different lengths: the second has told one token less.
      if (end == 10) {
        std::int32_t lengths[] = {10, 9, 10};
        for (auto* run : {&cpu, &gpu}) const_cast<Runner&>(run->runner()).rewind(lengths);
      }
    }
  }
}

TEST(GraphsOnGpu, AModelInTf32) {
  // A product moves by 2^-10 of itself at most. Results move by a few of these for each layer, and for what is around
  // them, of the largest.
  simt::Compiled compiled = simt::compile(gpt, "sm_80+tf32");
  KernelOf<decltype(gpt)> cpu = jit(gpt), gpu(compiled.executable, 1);
  for (auto* run : {&cpu, &gpu}) {
    bindRandom(run->runner(), 7, .5f);
    run->begin({extent<Batch>(3), extent<Key>(24)});
  }
  double most = 0, largest = 0;
  for (auto [begin, end] : {std::pair(0, 9), std::pair(9, 10)}) {
    auto want = cpu(tokens(3, begin, end)), got = gpu(tokens(3, begin, end));
    for (std::size_t n = 0; n < want.span().size(); ++n) {
      most = std::max(most, double(std::fabs(got.span()[n] - want.span()[n])));
      largest = std::max(largest, double(std::fabs(want.span()[n])));
    }
  }
  EXPECT_LT(most, 3 * 0x1p-10 * largest) << largest;
  EXPECT_GT(most, 0x1p-14 * largest) << "nothing was rounded";
  EXPECT_GT(compiled.program->count("nvvm.mma.sync"), 0);
}

TEST(GraphsOnGpu, AStepOfDecodingIsOneLaunch) {
  testing::OnDriver driver;
  auto open = [&](std::shared_ptr<simt::Program> program) { return driver.open(std::move(program)); };
  {
    KernelOf<decltype(gpt)> cpu = jit(gpt), gpu(simt::compile(gpt, "sm_80", open).executable, 1);
    for (auto* run : {&cpu, &gpu}) {
      bindRandom(run->runner(), 7, .5f);
      run->begin({extent<Batch>(3), extent<Key>(24)});
    }
    for (int begin = 0, end = 9; end < 16; begin = end++) {
      auto want = cpu(tokens(3, begin, end)), got = gpu(tokens(3, begin, end));
      for (int b = 0; b < 3; ++b)
        for (int v = 0; v < 11; ++v)
          ASSERT_NEAR(got(b, end - begin - 1, v), want(b, end - begin - 1, v), 2e-5) << begin << ": " << b;
      auto [kernels, graphs, updates] = driver.asked();
      EXPECT_GT(kernels, 10);
      EXPECT_EQ(graphs, begin > 0) << begin << ": the prompt's kernels are those of a step, so they come again";
      EXPECT_EQ(updates, 0) << begin << ": kernels read the past where it lies";
    }
  }
  EXPECT_TRUE(driver.clean());
}

struct Rows : axis<"rows"> {};
struct Cols : axis<"cols"> {};
struct Wide : axis<"wide", 32> {};
template <class T>
constexpr auto causal(Tensor<T, Batch, Heads, Rows, Wide> q, Tensor<T, Batch, Cols, Wide> k,
                      Tensor<T, Batch, Cols, Wide> v) -> Tensor<T, Batch, Heads, Rows, Wide> {
  auto scores = contract<Wide>(q, k) * rsqrt(Wide::size);
  return contract<Cols>(softmax<Cols>(where(index<Cols>() <= index<Rows>(), scores, -inf)), v);
}
constexpr auto narrow = trace<causal<bf16>>("q", "k", "v");

TEST(GraphsOnGpu, NarrowNumbersGoToTensorCores) {
  simt::Compiled compiled = simt::compile(narrow);
  KernelOf<decltype(narrow)> cpu = jit(narrow), gpu(compiled.executable, 1);
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  Array<bf16, Batch, Heads, Rows, Wide> q(2, 70);
  Array<bf16, Batch, Cols, Wide> k(2, 70), v(2, 70);
  for (auto& x : q.span()) x = element_of<bf16>(normal(random));
  for (auto& x : k.span()) x = element_of<bf16>(normal(random));
  for (auto& x : v.span()) x = element_of<bf16>(normal(random));
  auto want = cpu(q, k, v), got = gpu(q, k, v);
  for (std::size_t i = 0; i < want.span().size(); ++i)
    ASSERT_NEAR(float(got.span()[i]), float(want.span()[i]), 2e-2) << i;
  EXPECT_GT(compiled.program->count("nvvm.mma.sync"), 0);
}

constexpr auto open(Tensor<bf16, Batch, Heads, Rows, Wide> q, Tensor<bf16, Batch, Cols, Wide> k,
                    Tensor<bf16, Batch, Cols, Wide> v) -> Tensor<bf16, Batch, Heads, Rows, Wide> {
  return contract<Cols>(softmax<Cols>(contract<Wide>(q, k) * rsqrt(Wide::size)), v);
}
constexpr auto decode = trace<open>("q", "k", "v");

TEST(GraphsOnGpu, FewQueriesOfAGroupOnManyKeys) {
  for (const char* chip : {"sm_80", "sm_90a"}) {
    simt::Compiled compiled = simt::compile(decode, chip);
    KernelOf<decltype(decode)> cpu = jit(decode), gpu(compiled.executable, 1);
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    const std::int64_t keys = 2056;  // three parts
    Array<bf16, Batch, Heads, Rows, Wide> q(2, 3);
    Array<bf16, Batch, Cols, Wide> k(2, keys), v(2, keys);
    for (auto& x : q.span()) x = element_of<bf16>(normal(random));
    for (auto& x : k.span()) x = element_of<bf16>(normal(random));
    for (auto& x : v.span()) x = element_of<bf16>(normal(random));
    auto want = cpu(q, k, v), got = gpu(q, k, v);
    for (std::size_t i = 0; i < want.span().size(); ++i)
      ASSERT_NEAR(float(got.span()[i]), float(want.span()[i]), 2e-3) << i;
    auto again = gpu(q, k, v);
    for (std::size_t i = 0; i < got.span().size(); ++i) ASSERT_EQ(float(again.span()[i]), float(got.span()[i])) << i;
  }
}

}  // namespace
}  // namespace heed::test
