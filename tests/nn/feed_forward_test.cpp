// Activations and feed-forward layers against loops.
#include <gtest/gtest.h>

#include <cmath>

#include "axes.h"

namespace heed::test {
namespace {

double exactGelu(double x) { return x / 2 * std::erfc(-x / std::sqrt(2.)); }
double tanhGelu(double x) { return x / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))); }
double rectified(double x) { return x > 0 ? x : 0; }
double swish(double x) { return x / (1 + std::exp(-x)); }
double capped(double x) { return 2.5 * std::tanh(x / 2.5); }

/// f of 8 times every number of x.
Meaning elementwise(double (*f)(double)) {
  return [=](const Given& in) {
    Values y = in["x"];
    for (double& number : y.data) number = f(8 * number);
    return std::vector{y};
  };
}

constexpr X reluOf(X x) { return relu(8 * x); }
constexpr X geluOf(X x) { return gelu(8 * x); }
constexpr X geluTanhOf(X x) { return geluTanh(8 * x); }
constexpr X siluOf(X x) { return silu(8 * x); }
constexpr X softcapOf(X x) { return softcap(8 * x, 2.5); }

TEST(Activation, AreTheirFormulas) {
  expectMeaning(trace<reluOf>("x"), sizes, elementwise(rectified));
  expectMeaning(trace<geluOf>("x"), sizes, elementwise(exactGelu));
  expectMeaning(trace<geluTanhOf>("x"), sizes, elementwise(tanhGelu));
  expectMeaning(trace<siluOf>("x"), sizes, elementwise(swish));
  expectMeaning(trace<softcapOf>("x"), sizes, elementwise(capped));
}

template <class Mlp>
struct Net {
  Mlp mlp;
  constexpr X operator()(X x) const { return mlp(x); }
};

/// act(first(x)), times second(x) if there is a second.
Meaning feedForward(double (*act)(double), const char* first, const char* second, bool biased) {
  return [=](const Given& in) {
    const Values& x = in["x"];
    Values y(x.extents);
    auto map = [&](std::string name, int b, int t, int h) {
      double sum = biased ? in["mlp." + name + ".bias"](h) : 0;
      for (int m = 0; m < 24; ++m) sum += in["mlp." + name + ".weight"](h, m) * x(b, t, m);
      return sum;
    };
    for (int b = 0; b < x.extent(0); ++b)
      for (int t = 0; t < x.extent(1); ++t) {
        for (int m = 0; biased && m < 24; ++m) y(b, t, m) = in["mlp.down.bias"](m);
        for (int h = 0; h < 40; ++h) {
          double inner = act(map(first, b, t, h)) * (second ? map(second, b, t, h) : 1);
          for (int m = 0; m < 24; ++m) y(b, t, m) += in["mlp.down.weight"](m, h) * inner;
        }
      }
    return std::vector{y};
  };
}

TEST(FeedForward, WithEachActivation) {
  static constexpr auto gelu = trace(Net<nn::FeedForward<Model, Hidden>>{}, "x");
  static constexpr auto relu = trace(Net<nn::FeedForward<Model, Hidden, nn::Relu>>{}, "x");
  static constexpr auto tanh = trace(Net<nn::FeedForward<Model, Hidden, nn::GeluTanh>>{}, "x");
  expectMeaning(gelu, sizes, feedForward(exactGelu, "up", nullptr, true));
  expectMeaning(relu, sizes, feedForward(rectified, "up", nullptr, true));
  expectMeaning(tanh, sizes, feedForward(tanhGelu, "up", nullptr, true));
}

TEST(FeedForward, Gated) {
  static constexpr auto swiglu = trace(Net<nn::SwiGLU<Model, Hidden>>{}, "x");
  static constexpr auto geglu = trace(Net<nn::GeGLU<Model, Hidden>>{}, "x");
  static_assert(swiglu.parameter("mlp.gate.weight") == 0 && swiglu.count(op::param) == 3);
  expectMeaning(swiglu, sizes, feedForward(swish, "gate", "up", false));
  expectMeaning(geglu, sizes, feedForward(exactGelu, "gate", "up", false));
}

}  // namespace
}  // namespace heed::test
