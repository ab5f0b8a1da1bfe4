// exp, exp2 and what follows from them: tanh and erf. Coefficients: tools/minimax.py.
#include <cmath>
#include <numbers>

#include "heed/codegen/cpu/math/functions.h"

namespace heed::codegen {
namespace {

constexpr float log2e = 0x1.715476p+0f;
constexpr float ln2High = 0x1.63p-1f, ln2Low = -0x1.bd0106p-13f;  // n * ln2High is exact for |n| < 2^15

/// 2^n, -126 <= n <= 127.
Real powerOfTwo(Bits n) { return realOf((n + 127) << 23); }

/// p * 2^n in two steps, since 2^n alone may be no normal number: only the second step rounds, once.
Real scale(Real p, Bits n) {
  Bits half = n >> 1;
  return p * powerOfTwo(half) * powerOfTwo(n - half);
}

/// e^x = mantissa * 2^exponent, for |x| < 2^21.
struct Scaled {
  Real mantissa;
  Bits exponent;
};
Scaled expParts(Real x) {
  auto [n, exponent] = nearest(x * log2e);
  Real r = fma(n, -ln2Low, fma(n, -ln2High, x));
  Real q = polynomial(r, {0.499999732f, 0.166665643f, 0.0416750275f, 0.00836451352f, 0.00133757561f});
  return {fma(q, r * r, r) + 1.f, exponent};
}

/// e^x where neither x nor the result is extreme: |x| < 87.
Real expModerate(Real x) {
  auto [p, n] = expParts(x);
  return p * powerOfTwo(n);
}

}  // namespace

Real exp(Real x) {
  auto [p, n] = expParts(atLeast(atMost(x, 89.f), -105.f));  // beyond: infinity, 0
  return scale(p, n);
}

Real exp2(Real x) {
  x = atLeast(atMost(x, 129.f), -151.f);
  auto [n, exponent] = nearest(x);
  Real r = x - n;
  constexpr float linear = 0.693147182f;
  Real q = polynomial(r, {0.240225941f, 0.0555036627f, 0.0096254386f, 0.00133880158f, 0.000133383583f});
  if (x.formula->fma) return scale(fma(r, fma(r, q, r.constant(linear)), r.constant(1)), exponent);
  // Two roundings of r * q would cost the last half place: the sum of 1 and the head of the product is made exact.
  constexpr float head = 0x1.62ep-1f;
  Real high = realOf(bitsOf(r) & int32_t(0xfffff000u)), top = high * head;  // 12 bits times 12: exact
  Real sum = top + 1.f, lost = (1.f - sum) + top;
  Real rest = ((r - high) * linear + high * (linear - head)) + r * r * q;
  return scale(sum + (lost + rest), exponent);
}

namespace {

/// An odd function that rises to 1, by 32 polynomials that a permutation looks up: no branch, no exponential, no
/// division. The n-th entries are the polynomial in r = a - n * width that meets f(a) / s - 1 at Chebyshev nodes of
/// |r| <= width / 2, where s is the smaller one of a and `bend`: small, so that s + s * polynomial is rounded once. The
/// bend lies between the pieces near - 1 and near, and the last piece ends where f is 1 within half a unit, so a takes
/// no other way there; it is raised by that much, for from its end on the function stays what it is there: exactly 1.
template <int count>
struct Pieces {
  float width;  // of few bits, so that n * width is exact
  float bend, most;
  std::array<std::array<float, 32>, count> factors;

  Pieces(double (*f)(double), double slope, float width, int near, float most)
      : width(width), bend((near - .5f) * width), most(most) {
    for (int n = 0; n < 32; ++n) {
      double at[count], c[count];
      for (int i = 0; i < count; ++i) {
        at[i] = std::cos((2 * i + 1) * std::numbers::pi / (2 * count)) * width / 2;
        double a = n * double(width) + at[i];
        c[i] = (n >= near ? f(a) / bend : std::fabs(a) < 1e-9 ? slope : f(a) / a) - 1;
      }
      // Newton's divided differences, then the powers of r.
      for (int order = 1; order < count; ++order)
        for (int i = count - 1; i >= order; --i) c[i] = (c[i] - c[i - 1]) / (at[i] - at[i - order]);
      for (int order = count - 2; order >= 0; --order)
        for (int i = order; i < count - 1; ++i) c[i] -= at[order] * c[i + 1];
      if (n == 31) c[0] += (1 - f(most)) / bend;
      for (int i = 0; i < count; ++i) factors[i][n] = float(c[i]);
    }
  }

  Real operator()(Real x) const {
    constexpr float magic = 0x1.8p23f;
    Real a = atMost(magnitude(x), most);
    Real shifted = fma(a, 1 / width, a.constant(magic));
    Bits index = bitsOf(shifted);
    Real r = fma(shifted - magic, -width, a), q = lookUp(factors[count - 1], index);
    for (int i = count - 2; i >= 0; --i) q = fma(q, r, lookUp(factors[i], index));
    Real s = atMost(a, bend);
    return withSign(fma(q, s, s), x);
  }
};

}  // namespace

/// Odd polynomial near 0; elsewhere 1 - 2 / (e^2a + 1), whose cancellation ends at 5/8.
Real tanh(Real x) {
  static const Pieces<6> pieces(std::tanh, 1, 74 / 256.f, 4, 9.1f);
  if (x.formula->tables) return pieces(x);
  Real a = magnitude(x), u = x * x;
  Real q = polynomial(u, {-0.333332807f, 0.133314058f, -0.0537365153f, 0.0206281673f, -0.00569229573f});
  Real small = fma(q, u * x, x);
  Real large = 1.f - 2.f / (expModerate(atMost(a, 10.f) * 2.f) + 1.f);
  return where(a < 0.625f, small, withSign(large, x));
}

/// x + x q(x^2) near 0; elsewhere 1 - e^-t(a), where t = -log(1 - erf) is smooth.
Real erf(Real x) {
  static const Pieces<5> pieces(std::erf, 2 * std::numbers::inv_sqrtpi, 1 / 8.f, 8, 3.93f);
  if (x.formula->tables) return pieces(x);
  Real a = magnitude(x);
  Real q =
      polynomial(x * x, {0.128379151f, -0.376124978f, 0.112818435f, -0.0267673489f, 0.00499403803f, -0.000599450432f});
  Real c = atMost(a, 4.f);
  Real t = c * polynomial(c, {1.12846041f, 0.636121809f, 0.104105785f, -0.0211663302f, 0.00172874529f, 0.000549337477f,
                              -0.0002279154f, 3.59194637e-05f, -2.24891164e-06f});
  Real large = 1.f - expModerate(0.f - t);
  return where(a < 0.921875f, fma(q, x, x), withSign(large, x));
}

}  // namespace heed::codegen
