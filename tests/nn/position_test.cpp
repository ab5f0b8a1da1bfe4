// Sinusoidal and learned positions against loops, also far out.
#include <gtest/gtest.h>

#include <cmath>

#include "axes.h"

namespace heed::test {
namespace {

struct Rows : axis<"rows", 64> {};

struct Sine {
  nn::Sinusoidal<Seq, Model> pe;
  constexpr X operator()(X x) const { return pe(x); }
};

Meaning sinusoidal(int d) {
  return [=](const Given& in) {
    Values y = in["x"];
    for (int b = 0; b < y.extent(0); ++b)
      for (int t = 0; t < y.extent(1); ++t)
        for (int j = 0; j < d; ++j) {
          double angle = t * std::pow(10000., -double(j / 2 * 2) / d);
          y(b, t, j) += j % 2 ? std::cos(angle) : std::sin(angle);
        }
    return std::vector{y};
  };
}

TEST(Sinusoidal, AddsSinesAndCosines) {
  static constexpr auto g = trace(Sine{}, "x");
  expectMeaning(g, sizes, sinusoidal(24), {.tolerance = 1e-6});
}

struct Halves {
  nn::Sinusoidal<Seq, Model, nn::HalfSplit> pe;
  constexpr X operator()(X x) const { return pe(x); }
};

TEST(Sinusoidal, MayHaveAllSinesFirst) {
  static constexpr auto g = trace(Halves{}, "x");
  auto meaning = [](const Given& in) {
    Values y = in["x"];
    for (int b = 0; b < y.extent(0); ++b)
      for (int t = 0; t < y.extent(1); ++t)
        for (int j = 0; j < 24; ++j) {
          double angle = t * std::pow(10000., -double(j % 12 * 2) / 24);
          y(b, t, j) += j < 12 ? std::sin(angle) : std::cos(angle);
        }
    return std::vector{y};
  };
  expectMeaning(g, sizes, meaning, {.tolerance = 1e-6});
}

struct Wide : axis<"wide", 512> {};
struct Far {
  nn::Sinusoidal<Seq, Wide> pe;
  constexpr Tensor<f32, Batch, Seq, Wide> operator()(Tensor<f32, Batch, Seq, Wide> x) const { return pe(x); }
};

TEST(Sinusoidal, StaysExactFarOut) {
  static constexpr auto g = trace(Far{}, "x");
  expectMeaning(g, {{{"batch", 1}, {"seq", 10000}}}, sinusoidal(512), {.tolerance = 2e-5, .interpreted = false});
}

struct Learned {
  nn::LearnedPositions<Seq, Rows, Model> wpe;
  constexpr X operator()(X x) const { return x | wpe; }
};

TEST(LearnedPositions, AddsOneRowPerPosition) {
  static constexpr auto g = trace(Learned{}, "x");
  expectMeaning(g, sizes, [](const Given& in) {
    Values y = in["x"];
    for (int b = 0; b < y.extent(0); ++b)
      for (int t = 0; t < y.extent(1); ++t)
        for (int m = 0; m < 24; ++m) y(b, t, m) += in["wpe.weight"](t, m);
    return std::vector{y};
  });
}

}  // namespace
}  // namespace heed::test
