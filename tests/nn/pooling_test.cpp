// Pooling and heads against loops.
#include <gtest/gtest.h>

#include "loops.h"

namespace heed::test {
namespace {

using Pooled = Tensor<f32, Batch, Model>;

/// Mean of the first `valid` tokens, or of all.
Values meanOf(const Given& in, bool padded) {
  const Values& x = in["x"];
  Values y({x.extent(0), 24});
  for (int b = 0; b < x.extent(0); ++b) {
    int count = padded ? std::min(x.extent(1), int(in["valid"](b))) : x.extent(1);
    for (int t = 0; t < count; ++t)
      for (int m = 0; m < 24; ++m) y(b, m) += x(b, t, m) / count;
  }
  return y;
}

struct Mean {
  nn::MeanPooling<Seq> pool;
  constexpr auto operator()(X x, Tensor<i32, Batch> valid) const {
    return results(Pooled(pool(x)), Pooled(pool(x, index<Seq>() < valid)));
  }
};

TEST(Pooling, Mean) {
  static constexpr auto g = trace(Mean{}, "x", "valid");
  auto meaning = [](const Given& in) { return std::vector{meanOf(in, false), meanOf(in, true)}; };
  expectMeaning(g, sizes, meaning, {.below = {{"valid", 3}}});  // 0 valid tokens among them
}

struct Bert {
  nn::BertPooler<Seq, Model> pooler;
  constexpr auto operator()(X x) const { return results(Pooled(nn::ClsPooling<Seq>{}(x)), Pooled(pooler(x))); }
};

TEST(Pooling, FirstTokenAndBertPooler) {
  static constexpr auto g = trace(Bert{}, "x");
  expectMeaning(g, sizes, [](const Given& in) {
    const Values &x = in["x"], &w = in["pooler.dense.weight"];
    Values first({x.extent(0), 24}), y = first;
    for (int b = 0; b < x.extent(0); ++b)
      for (int m = 0; m < 24; ++m) {
        first(b, m) = x(b, 0, m);
        y(b, m) = in["pooler.dense.bias"](m);
        for (int k = 0; k < 24; ++k) y(b, m) += w(m, k) * x(b, 0, k);
        y(b, m) = std::tanh(y(b, m));
      }
    return std::vector{first, y};
  });
}

struct Net {
  nn::Classifier<nn::MeanPooling<Seq>, Model, Classes> head;
  constexpr Tensor<f32, Batch, Classes> operator()(X x, Tensor<i32, Batch> valid) const {
    return head(x, index<Seq>() < valid);
  }
};

TEST(OutputHead, Classifier) {
  static constexpr auto g = trace(Net{}, "x", "valid");
  auto meaning = [](const Given& in) {
    Values mean = meanOf(in, true), y({mean.extent(0), 5});
    for (int b = 0; b < mean.extent(0); ++b)
      for (int c = 0; c < 5; ++c) {
        y(b, c) = in["head.out.bias"](c);
        for (int m = 0; m < 24; ++m) y(b, c) += in["head.out.weight"](c, m) * mean(b, m);
      }
    return std::vector{y};
  };
  expectMeaning(g, sizes, meaning, {.below = {{"valid", 9}}});
}

struct Lm {
  nn::Embedding<Vocab, Model> wte;
  nn::LinearNoBias<Model, Vocab> lm_head;
  constexpr auto operator()(Tensor<i32, Batch, Seq> ids) const {
    using Logits = Tensor<f32, Batch, Seq, Vocab>;
    return results(Logits(wte.logits(wte(ids))), Logits(lm_head(wte(ids))));
  }
};

TEST(OutputHead, LanguageModelTiedAndUntied) {
  static constexpr auto g = trace(Lm{}, "ids");
  auto meaning = [](const Given& in) {
    const Values &ids = in["ids"], &w = in["wte.weight"], &u = in["lm_head.weight"];
    Values tied({ids.extent(0), ids.extent(1), 29}), untied = tied;
    for (int b = 0; b < ids.extent(0); ++b)
      for (int t = 0; t < ids.extent(1); ++t)
        for (int v = 0; v < 29; ++v)
          for (int m = 0; m < 24; ++m) {
            tied(b, t, v) += w(int(ids(b, t)), m) * w(v, m);
            untied(b, t, v) += w(int(ids(b, t)), m) * u(v, m);
          }
    return std::vector{tied, untied};
  };
  expectMeaning(g, sizes, meaning, {.below = {{"ids", 29}}});
}

}  // namespace
}  // namespace heed::test
