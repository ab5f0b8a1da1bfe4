// Generating for a ragged batch: every row says what it would say alone, with padding on either side.
#include "heed/runtime/generate.h"

#include <gtest/gtest.h>

#include "heed/heed.h"
#include "heed/tests/random_parameters.h"
#include "heed/tests/said.h"

namespace heed::test {
namespace {

using heed::testing::errorOf;

struct Batch : axis<"batch"> {};
struct Seq : sequence<"seq", Batch> {};
struct Key : memory<Seq, "key"> {};
struct Vocab : axis<"vocab"> {};  // as many as the weights have
struct Pos : axis<"pos", 32> {};
struct Model : axis<"model", 16> {};
struct Heads : axis<"heads", 2> {};
struct Depth : axis<"depth", 8> {};

struct Asked : axis<"asked"> {};

/// A model that answers every token, one that answers those it is asked for, and one that answers the last.
struct Body {
  nn::Embedding<Vocab, Model> wte;
  nn::Embedding<Pos, Model> wpe;
  nn::MultiHeadAttention<Model, Heads, Depth, Key> attn;
  constexpr Tensor<f32, Batch, Seq, Model> operator()(Tensor<i32, Batch, Seq> ids) const {
    auto x = wte(ids) + wpe(position<Seq>());
    return x + attn(x, variants::causal<Seq, Key>());
  }
};
struct Gpt {
  Body body;
  constexpr Tensor<f32, Batch, Seq, Vocab> operator()(Tensor<i32, Batch, Seq> ids) const {
    return body.wte.logits(body(ids));
  }
};
struct GptOfAsked {
  Body body;
  constexpr Tensor<f32, Batch, Asked, Vocab> operator()(Tensor<i32, Batch, Seq> ids,
                                                        Tensor<i32, Batch, Asked> asked) const {
    return body.wte.logits(take<Seq>(body(ids), asked));
  }
};
struct GptOfLast {
  Body body;
  constexpr Tensor<f32, Batch, Vocab> operator()(Tensor<i32, Batch, Seq> ids) const {
    return body.wte.logits(last<Seq>(body(ids)));
  }
};
constexpr auto gpt = trace(Gpt{}, "ids");
constexpr auto gptOfAsked = trace(GptOfAsked{}, "ids", "asked");
constexpr auto gptOfLast = trace(GptOfLast{}, "ids");

Runner model(const GraphView& graph = gpt) {
  Runner run(compile(graph));
  bindRandom(run, 11, 1, 23);
  return run;
}

const std::vector<Tokens> prompts{{3, 1, 4, 1, 5}, {9}, {2, 6, 5}};

TEST(Generate, ARowSaysWhatItWouldSayAlone) {
  Runner run = model();
  for (Sampler sample : {Sampler{.temperature = 0}, Sampler{.temperature = 1, .top_k = 7, .seed = 5}})
    for (Padding padding : {Padding::right, Padding::left}) {
      const auto together = generate(run, prompts, {.tokens = 9, .sample = sample, .padding = padding});
      // Row 0 alone: the sampler draws by row, so only the first row may be compared where it draws.
      for (std::size_t r = 0; r < (sample.temperature > 0 ? 1 : prompts.size()); ++r) {
        const Tokens one[] = {prompts[r]};
        EXPECT_EQ(generate(run, one, {.tokens = 9, .sample = sample})[0], together[r]) << r;
      }
      EXPECT_EQ(together[0].size(), 9u);
    }
}

TEST(Generate, OnlyTheLastTokenOfAPromptNeedsLogits) {
  Runner run = model(), of_asked = model(gptOfAsked), of_last = model(gptOfLast);
  for (Padding padding : {Padding::right, Padding::left}) {
    const auto want = generate(run, prompts, {.tokens = 9, .padding = padding});
    EXPECT_EQ(generate(of_asked, prompts, {.tokens = 9, .padding = padding}), want);
    EXPECT_EQ(generate(of_last, prompts, {.tokens = 9, .padding = padding}), want);
  }
}

TEST(Generate, ARowEndsBeforeAStop) {
  Runner run = model();
  const auto all = generate(run, prompts, {.tokens = 9});
  const Tokens stops{all[0][4]};
  int told = 0;
  const auto some = generate(run, prompts, {.tokens = 9, .stops = stops, .each = [&](std::size_t, int) { ++told; }});
  std::size_t count = 0;
  for (std::size_t r = 0; r < prompts.size(); ++r) {
    const auto want = untilStop(all[r], stops);
    EXPECT_EQ(some[r], Tokens(want.begin(), want.end()));
    count += want.size();
  }
  EXPECT_LE(some[0].size(), 4u);
  EXPECT_EQ(std::size_t(told), count);
}

TEST(Generate, NothingIsCompiledOrAllocatedAfterTheFirstToken) {
  Runner run = model();
  generate(run, prompts, {.tokens = 2});
  const std::int64_t compiles = compileCount(), allocations = run.session().memory().allocations;
  generate(run, prompts, {.tokens = 9});
  EXPECT_EQ(compileCount(), compiles);
  EXPECT_EQ(run.session().memory().allocations, allocations);
  const Runner shares = run;
  EXPECT_EQ(memoryOf({&run, &shares}).parameters, (23 * 16 + 32 * 16 + 4 * 16 * 16 + 4 * 16) * 4);
  EXPECT_EQ(memoryOf({&run}).states, 2 * 3 * 14 * 16 * 4 + 3 * 4);
}

std::string refused(Runner& run, std::vector<Tokens> rows, GenerateOptions options = {}) {
  return errorOf([&] { generate(run, rows, options); });
}

/// The table of words has 23 rows.
TEST(Generate, ACallWithAWrongIdIsRefused) {
  Runner run = model();
  run.begin({{"batch", 2}, {"key", 4}});
  AnyArray ids = padded(std::vector<Tokens>{{1, 2}, {3, 22}});
  const ArrayView inputs[] = {ids.view};
  EXPECT_EQ(errorOf([&] { run.run(inputs); }), "");
  for (std::int32_t wrong : {23, -1}) {
    static_cast<std::int32_t*>(ids.view.data)[2] = wrong;
    EXPECT_EQ(errorOf([&] { run.run(inputs); }),
              "ids: " + std::to_string(wrong) +
                  " at [1, 0]; body.wte.weight has rows from 0 to 22 along vocab; check the ids: are they of this "
                  "model's vocabulary?");
  }
}

TEST(Generate, WhatIsWrongIsNamed) {
  Runner run = model();
  EXPECT_EQ(refused(run, {}), "generate: no rows; at least one is required; an empty batch has no result");
  EXPECT_NE(refused(run, {{1}, {2, 23}}).find("row 1: id 23 at place 1; the vocabulary has ids from 0 to 22"),
            std::string::npos);
  EXPECT_EQ(refused(run, {{1}, {2, 22}}, {.tokens = 31, .positions = 32}),
            "generate: row 1: 2 tokens and 31 more; the model's table has 32 positions; ask for fewer");
  Runner unbound(compile(gpt));
  EXPECT_NE(refused(unbound, {{1}}).find("axis vocab: no parameter that is bound"), std::string::npos);
  EXPECT_NO_THROW(generate(run, prompts));  // as before
}

}  // namespace
}  // namespace heed::test
