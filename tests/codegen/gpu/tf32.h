// For tests: numbers as tensor cores take them in tf32, and how far that moves a product.
//
// Read single_test.cpp for its use.
#pragma once

#include <cmath>

namespace heed::testing {

/// The nearest number of 11 bits, of two the one that is further from 0; not for numbers below 2^-126.
inline float inTf32(float x) {
  int exponent;
  const double fraction = std::frexp(double(x), &exponent);
  return std::isfinite(x) ? float(std::ldexp(std::round(std::ldexp(fraction, 11)), exponent - 11)) : x;
}

/// Of x y in tf32, relative: each factor moves by half a unit of its 11th bit, 2^-11 of it at most, so the product by
/// (1 + 2^-11)^2 - 1. The sum of products moves by so much of the sum of their magnitudes.
constexpr double tf32Product = 0x1p-10 + 0x1p-22;

}  // namespace heed::testing
