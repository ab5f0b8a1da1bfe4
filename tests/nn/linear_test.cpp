// Linear maps, embeddings and norms against loops.
#include <gtest/gtest.h>

#include <cmath>

#include "axes.h"

namespace heed::test {
namespace {

struct Up {
  nn::Linear<Model, Hidden> up;
  constexpr Tensor<f32, Batch, Seq, Hidden> operator()(X x) const { return up(x); }
};

/// weight . x, plus bias if there is one.
std::vector<Values> linear(const Given& in, bool biased) {
  const Values &x = in["x"], &w = in["up.weight"];
  Values y({x.extent(0), x.extent(1), w.extent(0)});
  for (int b = 0; b < x.extent(0); ++b)
    for (int t = 0; t < x.extent(1); ++t)
      for (int h = 0; h < w.extent(0); ++h) {
        if (biased) y(b, t, h) = in["up.bias"](h);
        for (int m = 0; m < x.extent(2); ++m) y(b, t, h) += w(h, m) * x(b, t, m);
      }
  return {y};
}

TEST(Linear, WithBias) {
  static constexpr auto g = trace(Up{}, "x");
  expectMeaning(g, sizes, [](const Given& in) { return linear(in, true); });
}

struct UpNoBias {
  nn::LinearNoBias<Model, Hidden> up;
  constexpr Tensor<f32, Batch, Seq, Hidden> operator()(X x) const { return up(x); }
};

TEST(Linear, WithoutBias) {
  static constexpr auto g = trace(UpNoBias{}, "x");
  expectMeaning(g, sizes, [](const Given& in) { return linear(in, false); });
}

struct IntoHeads {
  nn::Linear<Model, axes<Heads, Depth>> q;
  nn::LinearNoBias<axes<Heads, Depth>, Model> out;
  constexpr X operator()(X x) const { return out(q(x)); }
};

TEST(Linear, SeveralAxes) {
  static constexpr auto g = trace(IntoHeads{}, "x");
  expectMeaning(g, sizes, [](const Given& in) {
    const Values &x = in["x"], &w = in["q.weight"], &c = in["q.bias"], &o = in["out.weight"];
    Values y(x.extents);
    for (int b = 0; b < x.extent(0); ++b)
      for (int t = 0; t < x.extent(1); ++t)
        for (int h = 0; h < 3; ++h)
          for (int d = 0; d < 8; ++d) {
            double inner = c(h, d);
            for (int m = 0; m < 24; ++m) inner += w(h, d, m) * x(b, t, m);
            for (int m = 0; m < 24; ++m) y(b, t, m) += o(m, h, d) * inner;
          }
    return std::vector{y};
  });
}

struct Table {
  nn::Embedding<Vocab, Model> wte;
  constexpr X operator()(Tensor<i32, Batch, Seq> ids) const { return wte(ids); }
};

TEST(Embedding, OneRowForEachId) {
  static constexpr auto g = trace(Table{}, "ids");
  auto meaning = [](const Given& in) {
    const Values &ids = in["ids"], &w = in["wte.weight"];
    Values y({ids.extent(0), ids.extent(1), 24});
    for (int b = 0; b < ids.extent(0); ++b)
      for (int t = 0; t < ids.extent(1); ++t)
        for (int m = 0; m < 24; ++m) y(b, t, m) = w(int(ids(b, t)), m);
    return std::vector{y};
  };
  expectMeaning(g, sizes, meaning, {.tolerance = 0, .below = {{"ids", 29}}});
}

struct Layer {
  nn::LayerNorm<Model> norm{.epsilon = 1e-3};
  constexpr X operator()(X x) const { return norm(x); }
};
struct Rms {
  nn::RMSNorm<Model> norm;
  constexpr X operator()(X x) const { return norm(x); }
};

/// The norm of every row of x: centred or not.
std::vector<Values> norm(const Given& in, bool centred, double epsilon, double offset = 0) {
  const Values &x = in["x"], &w = in["norm.weight"];
  Values y(x.extents);
  for (int b = 0; b < x.extent(0); ++b)
    for (int t = 0; t < x.extent(1); ++t) {
      double mean = 0, square = 0;
      for (int m = 0; centred && m < 24; ++m) mean += x(b, t, m) / 24;
      for (int m = 0; m < 24; ++m) square += (x(b, t, m) - mean) * (x(b, t, m) - mean) / 24;
      for (int m = 0; m < 24; ++m)
        y(b, t, m) = (x(b, t, m) - mean) / std::sqrt(square + epsilon) * (w(m) + offset) + (centred ? in["norm.bias"](m) : 0);
    }
  return {y};
}

TEST(LayerNorm, CentresAndScales) {
  static constexpr auto g = trace(Layer{}, "x");
  expectMeaning(g, sizes, [](const Given& in) { return norm(in, true, 1e-3); });
  expectMeaning(g, sizes, [](const Given& in) { return norm(in, true, 1e-3); },
                {.tolerance = 1e-4, .plus = {{"x", 50}}});
}

TEST(RMSNorm, ScalesOnly) {
  static constexpr auto g = trace(Rms{}, "x");
  expectMeaning(g, sizes, [](const Given& in) { return norm(in, false, 1e-6); });
}

struct Shifted {
  nn::RMSNorm<Model> norm{.offset = 1};
  constexpr X operator()(X x) const { return norm(x); }
};

TEST(RMSNorm, WeightsMayBeAroundZero) {
  static constexpr auto g = trace(Shifted{}, "x");
  expectMeaning(g, sizes, [](const Given& in) { return norm(in, false, 1e-6, 1); });
}

}  // namespace
}  // namespace heed::test
