// rename<From, To>(x): the same data under another axis name.
//
// Invariant: From and To have one extent, by number or by symbol.
// Read tests/dsl/words_test.cpp.
#pragma once

#include "heed/dsl/tensor.h"

namespace heed {

template <class From, class To, lang::Shaped T>
constexpr auto rename(const T& x, tape::Place place = lang::caller()) {
  using A = lang::AxesOf<T>;
  constexpr bool tensor = lang::AnyTensor<T>;
  constexpr bool hasFrom = lang::has<From, A>;
  constexpr bool lacksTo = !lang::has<To, A>;
  constexpr bool oneExtent = From::extent == To::extent && (From::extent >= 0 || From::symbol == To::symbol);
  static_assert(tensor, "heed: rename<From, To>(x): x must be a tensor");
  static_assert(hasFrom, "heed: rename<From, To>(x): x has no axis From");
  static_assert(!hasFrom || lacksTo, "heed: rename<From, To>(x): x already has the axis To");
  static_assert(!hasFrom || !lacksTo || oneExtent,
                "heed: rename<From, To>(x): other extents; declare To as like<From, \"name\">");
  if constexpr (tensor && hasFrom && lacksTo && oneExtent)
    return lang::emit<lang::TensorOf<lang::ElementOf<T>, lang::replace<A, From, axes<To>>>>(
        x.tape, op::rename, {x.id}, {lang::axisAttribute<From>("from"), lang::axisAttribute<To>("to")}, place);
  else
    return lang::Fault{};
}

template <class From, class To, lang::Faulty T>
constexpr T rename(const T& x, tape::Place = {}) {
  return x;
}

}  // namespace heed
