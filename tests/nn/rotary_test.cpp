// Rotary positions, both pairings and all scalings, against the rotation of complex numbers.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>

#include "axes.h"

namespace heed::test {
namespace {

using Q = Tensor<f32, Batch, Heads, Seq, Depth>;

template <class Rope>
struct Net {
  Rope rope;
  constexpr Q operator()(Q q) const { return rope(q, position<Seq>()); }
};

/// Pair n of `d / 2` turns by position * frequency(n).
Meaning rotated(bool interleaved, const std::function<double(int)>& frequency, int first = 0) {
  return [=](const Given& in) {
    Values y = in["q"];
    int d = y.extent(3);
    for (int b = 0; b < y.extent(0); ++b)
      for (int h = 0; h < y.extent(1); ++h)
        for (int t = 0; t < y.extent(2); ++t)
          for (int n = 0; n < d / 2; ++n) {
            double& re = y(b, h, t, interleaved ? 2 * n : n);
            double& im = y(b, h, t, interleaved ? 2 * n + 1 : n + d / 2);
            auto turned = std::complex(re, im) * std::polar(1., (first + t) * frequency(n));
            re = turned.real(), im = turned.imag();
          }
    return std::vector{y};
  };
}

double plain(int n) { return std::pow(10000., -n / 4.); }

TEST(Rotary, BothPairings) {
  static constexpr auto half = trace(Net<nn::Rotary<Depth>>{}, "q");
  static constexpr auto interleaved = trace(Net<nn::Rotary<Depth, nn::Interleaved>>{}, "q");
  expectMeaning(half, sizes, rotated(false, plain), {.tolerance = 1e-6});
  expectMeaning(interleaved, sizes, rotated(true, plain), {.tolerance = 1e-6});
}

template <class Scaling>
struct Scaled {
  nn::Rotary<Depth, nn::HalfSplit, Scaling> rope{.base = 500000, .scaling = {.factor = 4}};
  constexpr Q operator()(Q q) const { return rope(q, position<Seq>()); }
};

TEST(Rotary, LinearScaling) {
  static constexpr auto g = trace(Scaled<nn::LinearScaling>{}, "q");
  expectMeaning(g, sizes, rotated(false, [](int n) { return std::pow(500000., -n / 4.) / 4; }), {.tolerance = 1e-6});
}

TEST(Rotary, NtkScaling) {
  static constexpr auto g = trace(Scaled<nn::NtkScaling>{}, "q");
  double base = 500000 * std::pow(4, 8. / 6);
  expectMeaning(g, sizes, rotated(false, [=](int n) { return std::pow(base, -n / 4.); }), {.tolerance = 1e-6});
}

struct Wide : axis<"depth", 64> {};
using QWide = Tensor<f32, Batch, Heads, Seq, Wide>;
constexpr int far = 100000;

/// At positions 100,000 and up, with the numbers of Llama 3.1 where `Scaling` has them.
template <class Scaling>
struct Far {
  nn::Rotary<Wide, nn::HalfSplit, Scaling> rope{.base = 500000};
  constexpr QWide operator()(QWide q) const { return rope(q, position<Seq>() + far); }
};

double llama3(int n) {
  double frequency = std::pow(500000., -n / 32.), wavelength = 2 * M_PI / frequency;
  if (wavelength > 8192.) return frequency / 8;
  if (wavelength < 8192. / 4) return frequency;
  double smooth = (8192 / wavelength - 1) / (4 - 1);
  return (1 - smooth) * frequency / 8 + smooth * frequency;
}

TEST(Rotary, Llama3ScalingFarOut) {
  static constexpr auto g = trace(Far<nn::Llama3Scaling>{}, "q");
  expectMeaning(g, sizes, rotated(false, llama3, far), {.tolerance = 2e-4, .interpreted = false});
}

TEST(Rotary, StaysExactFarOut) {
  static constexpr auto g = trace(Far<nn::Unscaled>{}, "q");
  auto frequency = [](int n) { return std::pow(500000., -n / 32.); };
  expectMeaning(g, sizes, rotated(false, frequency, far), {.tolerance = 1e-4, .interpreted = false});
}

struct Packed {
  nn::Rotary<Depth> rope;
  constexpr Q operator()(Q q, Tensor<i32, Batch, Seq> at) const { return rope(q, at); }
};

template <class Pair, class Rope>
struct Turned {
  Rope rope;
  constexpr auto operator()(Tensor<f32, Seq, Pair> q) const { return rope(q, position<Seq>()); }
};
struct Pair : axis<"pair", 2> {};

TEST(Rotary, RefusesNumbersThatAreNoPositions) {
  using Plain = nn::Rotary<Pair>;
  using Ntk = nn::Rotary<Pair, nn::HalfSplit, nn::NtkScaling>;
  using Linear = nn::Rotary<Pair, nn::HalfSplit, nn::LinearScaling>;
  for (double base : {0., -10000., double(INFINITY), double(NAN)})
    EXPECT_THROW(traceAtRunTime(Turned<Pair, Plain>{{.base = base}}, "q"), Mistake) << base;
  EXPECT_THROW(traceAtRunTime(Turned<Pair, Ntk>{{.scaling = {.factor = 4}}}, "q"), Mistake);  // 2 / (2 - 2)
  EXPECT_THROW(traceAtRunTime(Turned<Pair, Linear>{{.scaling = {.factor = -2}}}, "q"), Mistake);
}

TEST(Rotary, PositionsAsATensor) {
  static constexpr auto g = trace(Packed{}, "q", "at");
  auto meaning = [](const Given& in) {
    Values y = in["q"];
    for (int b = 0; b < y.extent(0); ++b)
      for (int t = 0; t < y.extent(2); ++t)
        for (int h = 0; h < 3; ++h)
          for (int n = 0; n < 4; ++n) {
            double &re = y(b, h, t, n), &im = y(b, h, t, n + 4);
            auto turned = std::complex(re, im) * std::polar(1., in["at"](b, t) * plain(n));
            re = turned.real(), im = turned.imag();
          }
    return std::vector{y};
  };
  expectMeaning(g, sizes, meaning, {.tolerance = 1e-5, .below = {{"at", 1000}}});
}

}  // namespace
}  // namespace heed::test
