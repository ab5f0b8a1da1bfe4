// log, sin, cos and the functions with an instruction of their own. Coefficients: tools/minimax.py.
#include <limits>

#include "heed/codegen/cpu/math/functions.h"

namespace heed::codegen {

using namespace mlir;

/// x = 2^n (1 + f), 2/3 <= 1 + f < 4/3; log x = n ln 2 + f - f^2/2 + f^3 q(f).
Real log(Real x) {
  constexpr float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  constexpr int32_t twoThirds = 0x3f2aaaab, exponentField = int32_t(0xff800000u);
  Truth denormal = x < 0x1p-126f;
  Bits bits = bitsOf(where(denormal, x * 0x1p23f, x));
  Bits shift = (bits - twoThirds) & exponentField;
  Real n = toReal(shift >> 23) + where(denormal, x.constant(-23.f), x.constant(0.f));
  Real f = realOf(bits - shift) - 1.f;
  Real q = polynomial(f, {0.333332151f, -0.249997839f, 0.200104773f, -0.166812077f, 0.14004463f, -0.121740036f,
                          0.139821753f, -0.129063159f});
  Real r = fma(fma(q, f, f.constant(-0.5f)), f * f, fma(n, -0x1.bd0106p-13f, f));
  Real regular = fma(n, 0x1.63p-1f, r);
  Real special = where(x == 0.f, x.constant(-inf), where(x < 0.f, x.constant(nan), x));  // inf and NaN stay
  return where(x < inf, where(x > 0.f, regular, special), special);
}

namespace {

/// x - k pi/2, |r| <= pi/4, and k modulo 4. In f64: pi/2 in two parts, the first of 25 bits, so that its product with k
/// is exact below 2^28.
struct Quadrant {
  Real r;
  Bits k;
};
Quadrant reduce(Real x) {
  ImplicitLocOpBuilder& b = x.b();
  Type wide = shaped(x.value.getType(), b.getF64Type()), word = shaped(x.value.getType(), b.getI64Type());
  auto number = [&](double c) { return x.splat(b.getF64FloatAttr(c), b.getF64Type()); };
  auto add = [&](Value u, Value v) -> Value { return arith::AddFOp::create(b, u, v); };
  auto mul = [&](Value u, double c) -> Value { return arith::MulFOp::create(b, u, number(c)); };
  Value v = arith::ExtFOp::create(b, wide, x.value);
  Value shifted = add(mul(v, 0x1.45f306dc9c883p-1), number(0x1.8p52));
  Value k = add(shifted, number(-0x1.8p52));
  Value r = add(add(v, mul(k, -0x1.921fb5p+0)), mul(k, -0x1.110b4611a6263p-26));
  Value quadrant =
      arith::TruncIOp::create(b, shaped(x.value.getType(), b.getI32Type()), arith::BitcastOp::create(b, word, shifted));
  return {{x.formula, arith::TruncFOp::create(b, x.value.getType(), r)}, {x.formula, quadrant}};
}

/// sin(r + k pi/2)
Real sineAt(Quadrant at, Real x) {
  auto [r, k] = at;
  Real u = r * r;
  Real sine = fma(polynomial(u, {-0.166666552f, 0.0083321901f, -0.000195184053f}), u * r, r);
  Real cosine =
      fma(polynomial(u, {0.0416666456f, -0.00138873013f, 2.44306702e-05f}), u * u, fma(u, -0.5f, u.constant(1)));
  Real value = where((k & 1) != 0, cosine, sine);
  value = realOf(bitsOf(value) ^ ((k & 2) << 30));
  return where(magnitude(x) < 0x1p28f, value, x.constant(std::numeric_limits<float>::quiet_NaN()));
}

}  // namespace

Real sin(Real x) { return sineAt(reduce(x), x); }

Real cos(Real x) {
  auto [r, k] = reduce(x);
  return sineAt({r, k + 1}, x);
}

Real rsqrt(Real x) { return 1.f / squareRoot(x); }

/// Without a rounding instruction: |x| to the nearest integer by pushing out the fraction, then one down where that was
/// up. From 2^23 on every number is an integer.
Real floor(Real x) {
  Real n = withSign((magnitude(x) + 0x1p23f) - 0x1p23f, x);
  n = where(x < n, n - 1.f, n);
  return where(magnitude(x) < 0x1p23f, n, x);
}

}  // namespace heed::codegen
