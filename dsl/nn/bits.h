// 64-bit products of 32-bit words: what fixed-point angles and random numbers need beyond the language's i32.
//
// An i32 holds 32 bits here, read as an unsigned number; sums and products wrap.
// Invariant: nothing overflows on the way, so that any target gives the same bits.
// Read tests/nn/bits_test.cpp.
#pragma once

#include <bit>
#include <cstdint>

#include "heed/dsl/pointwise_rules.h"
#include "heed/dsl/words/cast.h"

namespace heed::lang {

/// A constant with these bits.
constexpr std::int32_t asWord(std::uint32_t bits) { return std::bit_cast<std::int32_t>(bits); }

constexpr std::int32_t upperHalf(std::uint32_t x) { return std::int32_t(x >> 16); }
constexpr std::int32_t lowerHalf(std::uint32_t x) { return std::int32_t(x & 0xffff); }
template <AnyTensor X>
constexpr X upperHalf(const X& x) {
  return upper16(x);
}
template <AnyTensor X>
constexpr X lowerHalf(const X& x) {
  return lower16(x);
}

/// The upper 32 bits of the 64 of a b: schoolbook multiplication in base 2^16. b: a tensor of a's axes, or a constant.
template <AnyTensor A, class B>
constexpr A mulHigh(const A& a, const B& b) {
  A ah = upperHalf(a), al = lowerHalf(a);
  auto bh = upperHalf(b), bl = lowerHalf(b);
  A middle = ah * bl + upper16(al * bl);  // at most (2^16 - 1)^2 + 2^16 - 1 < 2^32
  A carry = lower16(middle) + al * bh;
  return ah * bh + upper16(middle) + upper16(carry);
}

}  // namespace heed::lang
