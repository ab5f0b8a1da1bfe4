// The element types of the language, as tags: f32 in Tensor<f32, ...> and Array<f32, ...>.
//
// Invariant: one tag per DType of the tape.
// Read tests/dsl/axis_test.cpp.
#pragma once

#include <concepts>
#include <limits>

#include "heed/dsl/tape.h"

namespace heed {

struct i1 {
  static constexpr DType dtype = DType::i1;
};
struct i32 {
  static constexpr DType dtype = DType::i32;
};
struct f16 {
  static constexpr DType dtype = DType::f16;
};
struct bf16 {
  static constexpr DType dtype = DType::bf16;
};
struct f32 {
  static constexpr DType dtype = DType::f32;
};

/// Infinity as a constant of the language: where(mask, scores, -inf).
inline constexpr double inf = std::numeric_limits<double>::infinity();

namespace lang {

template <class D>
concept ElementType = requires {
  { D::dtype } -> std::convertible_to<DType>;
};

constexpr bool isFloat(DType type) { return type == DType::f16 || type == DType::bf16 || type == DType::f32; }

/// The least number that rounds to infinity, or the least integer that is too large.
constexpr double beyond(DType type) {
  switch (type) {
    case DType::f16:
      return 65520;
    case DType::bf16:
      return 0x1.ffp127;
    case DType::f32:
      return 0x1.ffffffp127;
    default:
      return 2147483648.;
  }
}
/// Whether a number keeps its meaning as an element: infinity and NaN do.
constexpr bool fits(DType type, double value) {
  bool inside = -beyond(type) < value && value < beyond(type);
  if (isFloat(type)) return inside || value != value || value == inf || value == -inf;
  return inside || value == -beyond(type);
}

}  // namespace lang
}  // namespace heed
