// Sequences packed one behind the other, by where each begins: each says what it says alone.
#include <gtest/gtest.h>

#include <random>

#include "heed/heed.h"
#include "heed/tests/random_parameters.h"

namespace heed::test {
namespace {

struct Batch : axis<"batch"> {};
struct Seq : axis<"seq"> {};
struct Key : like<Seq, "key"> {};
struct Documents : axis<"documents"> {};
struct Vocab : axis<"vocab", 23> {};
struct Pos : axis<"pos", 64> {};
struct Model : axis<"model", 32> {};
struct Heads : axis<"heads", 2> {};
struct Group : axis<"group", 2> {};
struct Depth : axis<"depth", 8> {};

/// Two sorts of positions, which must begin anew in each document or not matter.
struct Packed {
  nn::Embedding<Vocab, Model> wte;
  nn::Embedding<Pos, Model> wpe;
  nn::GroupedQueryAttention<Model, Heads, Group, Depth, Key, nn::Rotary<Depth>> attn;
  nn::FeedForward<Model, Pos> mlp;
  constexpr Tensor<f32, Batch, Seq, Vocab> operator()(Tensor<i32, Batch, Seq> ids,
                                                      Tensor<i32, Batch, Documents> starts) const {
    auto x = wte(ids) + wpe(variants::documentPosition<Seq, Documents>(starts));
    auto id = variants::documents<Seq, Documents>(starts);
    x = x + attn(x, variants::causal<Seq, Key>() && variants::sameDocument<Seq, Key>(id));
    return wte.logits(x + mlp(x));
  }
};
constexpr auto packed = trace(Packed{}, "ids", "starts");

TEST(Packed, EachDocumentSaysWhatItSaysAlone) {
  auto run = jit(packed, {.explain = true});
  EXPECT_EQ(run.executable().statistics.kernels, 1) << run.explanation();
  bindRandom(run.runner(), 3, .2f);
  std::mt19937 random(3);
  // Rows of three documents and of two; a document of one token; one longer than a tile.
  const std::vector<std::vector<int>> lengths{{5, 1, 54}, {40, 20}};
  Array<i32, Batch, Seq> ids(2, 60);
  for (std::int32_t& id : ids.span()) id = std::int32_t(random() % 23);
  Array<i32, Batch, Documents> starts(2, 3);
  for (int b = 0; b < 2; ++b)
    for (int d = 0, at = 0; d < 3; ++d) {
      starts(b, d) = at;
      at += d < int(lengths[b].size()) ? lengths[b][d] : 1000;
    }
  Array<f32, Batch, Seq, Vocab> together = run(ids, starts);
  for (int b = 0; b < 2; ++b)
    for (int d = 0; d < int(lengths[b].size()); ++d) {
      const int begin = starts(b, d), count = lengths[b][d];
      Array<i32, Batch, Seq> own(1, count);
      for (int s = 0; s < count; ++s) own(0, s) = ids(b, begin + s);
      Array<i32, Batch, Documents> start(1, 1);
      start(0, 0) = 0;
      Array<f32, Batch, Seq, Vocab> alone = run(own, start);
      for (int s = 0; s < count; ++s)
        for (int v = 0; v < 23; ++v)
          ASSERT_NEAR(together(b, begin + s, v), alone(0, s, v), 2e-5) << b << " " << d << " " << s;
    }
}

}  // namespace
}  // namespace heed::test
