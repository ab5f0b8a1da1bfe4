// Conveniences that are formulas over the words, and roots of extents as plain numbers.
//
// Invariant: nothing here adds a word; the compiler sees the formula, at the user's line.
// Read tests/dsl/words_test.cpp.
#pragma once

#include <concepts>
#include <cstdint>

#include "heed/dsl/mistake.h"
#include "heed/dsl/pointwise_rules.h"

namespace heed {
namespace lang {

/// Newton's iteration from above, until it no longer falls.
constexpr double squareRoot(double x) {
  if (x <= 0) return 0;
  double root = x > 1 ? x : 1;
  for (double next = 0.5 * (root + x / root); next < root; next = 0.5 * (root + x / root)) root = next;
  return root;
}

/// base^exponent, as a constant: exp(exponent * log(base)).
constexpr double power(double base, double exponent) {
  const bool finite = base > 0 && base < 1e300 && exponent > -1e300 && exponent < 1e300;
  if (!finite) throw Mistake("heed: positions: a base or a factor that is not above 0 and finite; NTK needs Depth > 2");
  double log = 0;
  for (; base > 1.5; base /= 2) log += 0.69314718055994530942;
  for (; base < 0.75; base *= 2) log -= 0.69314718055994530942;
  double t = (base - 1) / (base + 1), term = t;  // log(base) = 2 artanh(t), |t| <= 1/5
  for (int n = 1; n < 30; n += 2, term *= t * t) log += 2 * term / n;
  double x = exponent * log / 1024, result = 1;  // exp(1024 x) by its series and ten squarings
  for (int n = 12; n > 0; --n) result = 1 + x / n * result;
  for (int n = 0; n < 10; ++n) result *= result;
  return result;
}

template <class T>
concept Extent = std::same_as<T, std::int64_t> || std::same_as<T, RunTimeExtent>;

template <class T>
constexpr Tape* tapeIn(const T& x) {
  if constexpr (AnyTensor<T>)
    return x.tape;
  else
    return nullptr;
}

}  // namespace lang

/// sqrt(Depth::size), sqrt(64), rsqrt(Depth::size): constants.
template <class E>
requires(lang::Extent<E> || lang::Scalar<E>) constexpr auto sqrt([[maybe_unused]] E extent) {
  constexpr bool known = !std::same_as<E, lang::RunTimeExtent>;
  static_assert(known, "heed: sqrt(Axis::size): this axis has no static extent; declare it as axis<\"name\", extent>");
  if constexpr (known)
    return lang::squareRoot(double(extent));
  else
    return 1.0;
}
template <class E>
requires(lang::Extent<E> || lang::Scalar<E>) constexpr auto rsqrt([[maybe_unused]] E extent) {
  constexpr bool known = !std::same_as<E, lang::RunTimeExtent>;
  static_assert(known, "heed: rsqrt(Axis::size): this axis has no static extent; declare it as axis<\"name\", extent>");
  if constexpr (known)
    return 1 / lang::squareRoot(double(extent));
  else
    return 1.0;
}

template <lang::Operand T, class N>
constexpr auto pow(const T&, const N&) {
  static_assert(lang::anyFaulty<T, N>, "heed: pow(x, n): a power is x * x, sqrt(x), or exp(n * log(x)) where x > 0");
  return lang::Fault{};
}

template <lang::Operand T>
constexpr auto relu(const T& x, tape::Place place = lang::caller()) {
  return max(lang::at(place, x), 0);
}

/// 1 / (1 + exp(-x))
template <lang::Operand T>
constexpr auto sigmoid(const T& x, tape::Place place = lang::caller()) {
  lang::UserLine line(lang::tapeIn(x), place);
  return 1 / (1 + exp(-x));
}

/// x sigmoid(x), also known as swish.
template <lang::Operand T>
constexpr auto silu(const T& x, tape::Place place = lang::caller()) {
  lang::UserLine line(lang::tapeIn(x), place);
  return x / (1 + exp(-x));
}

/// The exact form, x/2 (1 + erf(x / sqrt 2)).
template <lang::Operand T>
constexpr auto gelu(const T& x, tape::Place place = lang::caller()) {
  lang::UserLine line(lang::tapeIn(x), place);
  return 0.5 * x * (1 + erf(x * 0.70710678118654752440));
}

/// The form of GPT-2, x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) (Hendrycks and Gimpel, arXiv:1606.08415).
template <lang::Operand T>
constexpr auto geluTanh(const T& x, tape::Place place = lang::caller()) {
  lang::UserLine line(lang::tapeIn(x), place);
  return 0.5 * x * (1 + tanh(0.79788456080286535588 * (x + 0.044715 * x * x * x)));
}

/// Scores pressed into (-cap, cap): cap tanh(s / cap).
template <lang::Operand T>
constexpr auto softcap(const T& s, double cap, tape::Place place = lang::caller()) {
  lang::UserLine line(lang::tapeIn(s), place);
  return cap * tanh(s / cap);
}

}  // namespace heed
