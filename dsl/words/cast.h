// cast<T>(x): the same numbers as another element type.
//
// Invariant: a cast to the type that x has is x.
// Read tests/dsl/words_test.cpp.
#pragma once

#include "heed/dsl/pointwise_rules.h"

namespace heed {

template <class D, lang::Shaped T>
constexpr auto cast(const T& x, tape::Place place = lang::caller()) {
  constexpr bool isType = lang::ElementType<D>;
  static_assert(isType, "heed: cast<T>(x): T is one of i1, i32, f16, bf16, f32");
  if constexpr (!isType)
    return lang::Fault{};
  else
    return lang::prepare<D>(place, x);
}

template <class D, lang::Faulty T>
constexpr T cast(const T& x, tape::Place = {}) {
  return x;
}

}  // namespace heed
