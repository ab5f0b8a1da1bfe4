// A model that remembers: prefill and decode, token by token and ragged, against one full forward.
#include <gtest/gtest.h>

#include "heed/driver/compile.h"
#include "heed/heed.h"
#include "heed/tests/random_parameters.h"

namespace heed::test {
namespace {

struct Batch : axis<"batch"> {};
struct Seq : sequence<"seq", Batch> {};
struct Key : memory<Seq, "key"> {};
struct Heads : axis<"heads", 2> {};
struct Depth : axis<"depth", 8> {};
struct Model : axis<"model", 16> {};
struct Vocab : axis<"vocab", 11> {};
struct Pos : axis<"pos", 64> {};

using X = Tensor<f32, Batch, Seq, Model>;

struct Layer {
  nn::LayerNorm<Model> norm;
  nn::MultiHeadAttention<Model, Heads, Depth, Key> attn;
  constexpr X operator()(X x) const { return x + attn(norm(x), variants::causal<Seq, Key>()); }
};

template <int N>
struct Gpt {
  nn::Embedding<Vocab, Model> wte;
  nn::Embedding<Pos, Model> wpe;
  Repeat<N, Layer> layers;
  constexpr Tensor<f32, Batch, Seq, Vocab> operator()(Tensor<i32, Batch, Seq> ids) const {
    return contract<Model>(layers(wte(ids) + wpe(position<Seq>())), wte.weight);
  }
};
constexpr auto graph = trace(Gpt<2>{}, "ids");

template <class G>
auto compiled(const G& model, const Options& options = {}) {
  auto run = jit(model, options);
  bindRandom(run.runner(), 7, .5f);
  return run;
}

struct Group : axis<"group", 3> {};
struct Llama {
  nn::Embedding<Vocab, Model> wte;
  nn::GroupedQueryAttention<Model, Heads, Group, Depth, Key, nn::Rotary<Depth>> attn;
  constexpr Tensor<f32, Batch, Seq, Vocab> operator()(Tensor<i32, Batch, Seq> ids) const {
    auto x = wte(ids);
    return contract<Model>(x + attn(x, variants::slidingWindow<Seq, Key>(6)), wte.weight);
  }
};
constexpr auto llama = trace(Llama{}, "ids");

using Ids = Array<i32, Batch, Seq>;
using Logits = Array<f32, Batch, Seq, Vocab>;

Ids tokens(int batch, int begin, int end) {
  Ids ids(batch, end - begin);
  for (int b = 0; b < batch; ++b)
    for (int s = begin; s < end; ++s) ids(b, s - begin) = (7 * s + 3 * b + s * s) % 11;
  return ids;
}

void expectSame(const Logits& got, int at, const Logits& want, int row, int from) {
  for (int s = 0; s < got.view().sizes[1]; ++s)
    for (int v = 0; v < 11; ++v)
      EXPECT_NEAR(got(row, s, v), want(row, from + s, v), 2e-5) << at << " " << s << " " << v;
}

TEST(State, OneFusedKernelForAllLayers) {
  auto run = jit(graph, {.explain = true});
  EXPECT_EQ(run.executable().statistics.kernels, 1) << run.explanation();
  EXPECT_EQ(run.explanation().find("not fused"), std::string::npos) << run.explanation();
  EXPECT_EQ(run.executable().signature.states.size(), 5u);  // two of each layer, and the past
}

template <class Run>
void tokenByToken(Run run) {
  run.begin({extent<Batch>(3), extent<Key>(40)});
  Logits whole = run(tokens(3, 0, 40));
  for (int prefill : {1, 5, 17}) {
    run.begin({extent<Batch>(3), extent<Key>(40)});
    Logits first = run(tokens(3, 0, prefill));
    for (int b = 0; b < 3; ++b) expectSame(first, 0, whole, b, 0);
    for (int s = prefill; s < 40; ++s) {
      Logits next = run(tokens(3, s, s + 1));
      for (int b = 0; b < 3; ++b) expectSame(next, s, whole, b, s);
    }
    EXPECT_EQ(run.past()[2], 40);
  }
}

TEST(State, TokenByTokenIsOneForward) { tokenByToken(compiled(graph)); }
TEST(State, AlsoWithGroupsRotaryAndAWindow) { tokenByToken(compiled(llama)); }

TEST(State, RowsMayHavePastsOfTheirOwn) {
  auto run = compiled(graph);
  run.begin({extent<Batch>(3), extent<Key>(24)});
  Logits whole = run(tokens(3, 0, 24));
  // Prompts of 3, 9 and 1 tokens, padded on the right; then each goes on where it ended.
  run.begin({extent<Batch>(3), extent<Key>(24)});
  run(tokens(3, 0, 9));
  const std::int32_t lengths[] = {3, 9, 1};
  run.rewind(lengths);
  for (int step = 0; step < 15; ++step) {
    Ids next(3, 1);
    for (int b = 0; b < 3; ++b) next(b, 0) = tokens(3, 0, 24)(b, lengths[b] + step);
    Logits logits = run(next);
    for (int b = 0; b < 3; ++b) expectSame(logits, step, whole, b, lengths[b] + step);
  }
}

/// Prompts of 3, 9 and 1 tokens that end together, whatever the padding before them says; then token by token.
template <class Run>
void paddedOnTheLeft(Run run) {
  run.begin({extent<Batch>(3), extent<Key>(24)});
  Logits whole = run(tokens(3, 0, 24));
  run.begin({extent<Batch>(3), extent<Key>(24)});
  const std::int32_t lengths[] = {3, 9, 1}, padding[] = {6, 0, 8};
  Ids prompts(3, 9);
  for (int b = 0; b < 3; ++b)
    for (int s = 0; s < 9; ++s) prompts(b, s) = s < padding[b] ? 10 - s : tokens(3, 0, 24)(b, s - padding[b]);
  run.pad(padding);
  Logits first = run(prompts);
  for (int b = 0; b < 3; ++b)
    for (int s = padding[b]; s < 9; ++s)
      for (int v = 0; v < 11; ++v) EXPECT_NEAR(first(b, s, v), whole(b, s - padding[b], v), 2e-5) << b << " " << s;
  for (int step = 0; step < 15; ++step) {
    Ids next(3, 1);
    for (int b = 0; b < 3; ++b) next(b, 0) = tokens(3, 0, 24)(b, lengths[b] + step);
    Logits logits = run(next);
    for (int b = 0; b < 3; ++b)
      for (int v = 0; v < 11; ++v)
        EXPECT_NEAR(logits(b, 0, v), whole(b, lengths[b] + step, v), 2e-5) << b << " " << step;
  }
  EXPECT_EQ(run.past()[2], 16);
}

TEST(State, RowsMayBePaddedOnTheLeft) { paddedOnTheLeft(compiled(graph)); }
TEST(State, RowsMayBePaddedOnTheLeftWithRotaryAndAWindow) { paddedOnTheLeft(compiled(llama)); }
TEST(State, TheReferencePadsOnTheLeftToo) {
  setenv("HEED_VERIFY", "1", 1);
  auto run = compiled(llama);
  unsetenv("HEED_VERIFY");
  paddedOnTheLeft(run);
}

TEST(State, CompilesOnceAndAllocatesNothingAfterTheFirstToken) {
  auto run = compiled(graph);
  run.begin({extent<Batch>(2), extent<Key>(32)});
  run(tokens(2, 0, 8));
  Logits out(2, 1, 11);
  run.into(out, tokens(2, 8, 9));
  std::int64_t compiles = compileCount(), allocations = run.runner().session().memory().allocations;
  for (int s = 9; s < 32; ++s) run.into(out, tokens(2, s, s + 1));
  EXPECT_EQ(compileCount(), compiles);
  EXPECT_EQ(run.runner().session().memory().allocations, allocations);
}

TEST(State, TheReferenceRemembersToo) {
  setenv("HEED_VERIFY", "1", 1);
  auto run = compiled(graph);
  unsetenv("HEED_VERIFY");
  run.begin({extent<Batch>(2), extent<Key>(9)});
  EXPECT_NO_THROW(run(tokens(2, 0, 4)));
  EXPECT_NO_THROW(run(tokens(2, 4, 5)));
  EXPECT_NO_THROW(run(tokens(2, 5, 9)));
}

template <class F>
std::string messageOf(F&& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(State, MistakesAreNamed) {
  auto run = compiled(graph);
  EXPECT_NE(messageOf([&] { run(tokens(2, 0, 4)); }).find("none has begun"), std::string::npos);
  EXPECT_NE(messageOf([&] { run.begin({extent<Key>(4)}); }).find("batch, key are required"), std::string::npos);
  run.begin({extent<Batch>(2), extent<Key>(6)});
  run(tokens(2, 0, 4));
  std::string full = messageOf([&] { run(tokens(2, 4, 7)); });
  EXPECT_NE(full.find("row 0 has 4 tokens, 3 more are given"), std::string::npos) << full;
  EXPECT_NE(full.find("axis key has room for 6"), std::string::npos) << full;
  EXPECT_EQ(run.past()[0], 4);  // the call that failed told nothing
  run(tokens(2, 4, 6));
  std::string other = messageOf([&] { run(tokens(3, 0, 1)); });
  EXPECT_NE(other.find("extent mismatch on axis batch"), std::string::npos) << other;
  EXPECT_NE(messageOf([&] { run.rewind(std::vector{7, 0}); }).find("row 0 to 7 tokens"), std::string::npos);
  EXPECT_NE(messageOf([&] { run.pad(std::vector{1, 0}); }).find("comes before all tokens"), std::string::npos);
  run.begin({extent<Batch>(2), extent<Key>(6)});
  EXPECT_NE(messageOf([&] { run.pad(std::vector{1, -1}); }).find("row 1 by -1 tokens"), std::string::npos);
  EXPECT_NE(messageOf([&] { run.pad(std::vector{1}); }).find("1 counts"), std::string::npos);
}

}  // namespace
}  // namespace heed::test
