// Conveniences that are formulas over the words, and roots of extents as plain numbers.
//
// Invariant: nothing here adds a word; the compiler sees the formula, at the user's line.
// Read tests/dsl/words_test.cpp.
#pragma once

#include <concepts>
#include <cstdint>

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

/// sqrt(Depth::size) and rsqrt(Depth::size): constants.
template <lang::Extent E>
constexpr auto sqrt([[maybe_unused]] const E& extent) {
  constexpr bool known = !std::same_as<E, lang::RunTimeExtent>;
  static_assert(known, "heed: sqrt(Axis::size): this axis has no static extent; declare it as axis<\"name\", extent>");
  if constexpr (known)
    return lang::squareRoot(double(extent));
  else
    return 1.0;
}
template <class E>
requires(lang::Extent<E> || lang::Scalar<E>) constexpr auto rsqrt([[maybe_unused]] const E& extent) {
  constexpr bool known = !std::same_as<E, lang::RunTimeExtent>;
  static_assert(known, "heed: rsqrt(Axis::size): this axis has no static extent; declare it as axis<\"name\", extent>");
  if constexpr (known)
    return 1 / lang::squareRoot(double(extent));
  else
    return 1.0;
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
