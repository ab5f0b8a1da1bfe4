// The angles of rotary and sinusoidal positions: position times frequency, counted in 2^-32 turns.
//
// An f32 product is off by 1e-7 rad per position: a hundredth at position 100,000. An i32 wraps where a turn does, so
// here the product is exact, and the frequencies, a geometric series, come from two small tables made in f64.
// Invariant: the error of an angle is at most 1.3e-9 rad per position, plus 2e-7 rad.
// Read tests/nn/position_test.cpp.
#pragma once

#include "heed/dsl/nn/bits.h"
#include "heed/dsl/words/formulas.h"
#include "heed/dsl/words/index.h"
#include "heed/dsl/words/shape.h"

namespace heed::lang {

inline constexpr double pi = 3.14159265358979323846;

/// first * ratio^i of a turn, 0 <= i < count; i is a tensor. first < 1/2, ratio <= 1.
template <AnyTensor I>
constexpr I geometricTurns(const I& i, int count, double first, double ratio) {
  int radix = 1;
  while (radix * radix < count) ++radix;
  // The chain stands for a table that the language has no word for.
  auto lookUp = [&](const I& digit, double start, double factor) {
    I value = digit * 0;
    for (int n = 0; n < radix; ++n, start *= factor)
      value = where(digit == n, asWord(std::uint32_t(start + 0.5)), value);
    return value;
  };
  I coarse = lookUp(i / radix, first * 0x1p33, power(ratio, radix)), fine = lookUp(i % radix, 0x1p31, ratio);
  return mulHigh(coarse, fine) + cast<i32>(coarse * fine < 0);  // rounded by the highest bit of the lower half
}

/// 2^-32 turns as an f32 angle in [-pi, pi).
template <AnyTensor T>
constexpr auto radians(const T& turns) {
  return cast<f32>(turns) * (pi * 0x1p-31);
}

}  // namespace heed::lang
