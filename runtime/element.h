// The C++ type of one element of each dtype.
//
// Invariant: sizeof(element) == elementBytes(dtype); the half types only store, arithmetic happens in float.
// Read tests/runtime/element_test.cpp: every one of the 65536 patterns goes to float and back.
#pragma once

#include <bit>
#include <cstdint>
#include <ostream>
#include <type_traits>

#include "heed/dsl/tape.h"

namespace heed {

/// bfloat16: the upper half of a float; rounds to nearest even, keeps NaN.
class bfloat16 {
 public:
  constexpr bfloat16() = default;
  constexpr bfloat16(float value) {
    const auto u = std::bit_cast<std::uint32_t>(value);
    if ((u & 0x7fffffffu) > 0x7f800000u)
      pattern = static_cast<std::uint16_t>(u >> 16 | 0x40u);
    else
      pattern = static_cast<std::uint16_t>((u + 0x7fffu + (u >> 16 & 1u)) >> 16);
  }
  constexpr operator float() const { return std::bit_cast<float>(std::uint32_t{pattern} << 16); }

  std::uint16_t pattern = 0;
};

/// IEEE half precision: rounds to nearest even, overflows to infinity, keeps subnormals and NaN.
class float16 {
 public:
  constexpr float16() = default;
  constexpr float16(float value) {
    const auto u = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = u >> 16 & 0x8000u, magnitude = u & 0x7fffffffu;
    std::uint32_t half;
    if (magnitude > 0x7f800000u) {
      half = 0x7e00u | (magnitude >> 13 & 0x1ffu);
    } else if (magnitude >= 0x47800000u) {  // 2^16: even what rounds down is above the largest half
      half = 0x7c00u;
    } else if (magnitude < 0x38800000u) {  // below 2^-14: adding 0.5 lets the FPU round at 2^-24
      half = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - 0x3f000000u;
    } else {
      half = (magnitude - 0x38000000u + 0xfffu + (magnitude >> 13 & 1u)) >> 13;
    }
    pattern = static_cast<std::uint16_t>(sign | half);
  }
  constexpr operator float() const {
    const std::uint32_t sign = std::uint32_t{pattern & 0x8000u} << 16;
    const std::uint32_t magnitude = pattern & 0x7fffu;
    if (magnitude >= 0x7c00u) return std::bit_cast<float>(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
    if (magnitude < 0x400u) {
      const float tiny = static_cast<float>(magnitude) * 0x1p-24f;
      return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(tiny));
    }
    return std::bit_cast<float>(sign | ((magnitude << 13) + 0x38000000u));
  }

  std::uint16_t pattern = 0;
};

template <DType D>
struct ElementOf;
template <>
struct ElementOf<DType::i1> {
  using type = bool;
};
template <>
struct ElementOf<DType::i32> {
  using type = std::int32_t;
};
template <>
struct ElementOf<DType::f16> {
  using type = float16;
};
template <>
struct ElementOf<DType::bf16> {
  using type = bfloat16;
};
template <>
struct ElementOf<DType::f32> {
  using type = float;
};

}  // namespace heed
