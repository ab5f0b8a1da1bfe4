// Sinusoidal and learned positions against loops, also far out.
#include <gtest/gtest.h>

#include <cmath>

#include "axes.h"

namespace heed::test {
namespace {

struct Rows : axis<"rows", 64> {};

template <class M, template <class> class... Order>
struct Sines {
  nn::Sinusoidal<Seq, M, Order...> pe;
  constexpr Tensor<f32, Batch, Seq, M> operator()(Tensor<f32, Batch, Seq, M> x) const { return pe(x); }
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
  static constexpr auto g = trace(Sines<Model>{}, "x");
  expectMeaning(g, sizes, sinusoidal(24), {.tolerance = 1e-6});
}

/// Of an odd d one sine more than cosines.
Meaning sinesFirst(int d) {
  return [=](const Given& in) {
    Values y = in["x"];
    const int sines = (d + 1) / 2;
    for (int b = 0; b < y.extent(0); ++b)
      for (int t = 0; t < y.extent(1); ++t)
        for (int j = 0; j < d; ++j) {
          double angle = t * std::pow(10000., -double(j % sines * 2) / d);
          y(b, t, j) += j < sines ? std::sin(angle) : std::cos(angle);
        }
    return std::vector{y};
  };
}

TEST(Sinusoidal, MayHaveAllSinesFirst) {
  static constexpr auto g = trace(Sines<Model, nn::HalfSplit>{}, "x");
  expectMeaning(g, sizes, sinesFirst(24), {.tolerance = 1e-6});
}

struct Odd : axis<"odd", 13> {};

TEST(Sinusoidal, MayHaveAnOddWidth) {
  static constexpr auto halves = trace(Sines<Odd, nn::HalfSplit>{}, "x");
  expectMeaning(halves, sizes, sinesFirst(13), {.tolerance = 1e-6});
  static constexpr auto pairs = trace(Sines<Odd>{}, "x");
  expectMeaning(pairs, sizes, sinusoidal(13), {.tolerance = 1e-6});
}

struct Wide : axis<"wide", 512> {};

TEST(Sinusoidal, StaysExactFarOut) {
  static constexpr auto g = trace(Sines<Wide>{}, "x");
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
