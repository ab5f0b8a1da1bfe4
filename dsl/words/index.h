// index<Axis>(), position<Axis>() and x[i]: formulas over where an element is.
//
// Invariant: an index is graph-free until it meets a tensor; x[i] never moves data, it renames.
// Read tests/dsl/expression_test.cpp.
#pragma once

#include "heed/dsl/pointwise_rules.h"
#include "heed/dsl/words/rename.h"

namespace heed {

/// The position along A, 0 and up: an i32 expression.
template <Axis A>
constexpr lang::Index<A> index(tape::Place place = lang::caller()) {
  return lang::Index<A>(place);
}

/// The position along A of a whole sequence: the index, plus the past of its row where A is a sequence<name, Rows...>.
template <Axis A>
constexpr auto position(tape::Place place = lang::caller()) {
  return lang::positionOf<A>(place);
}

template <auto... Numbers, class... Given>
requires(sizeof...(Given) == 0 || (Axis<Given> || ...)) constexpr auto position(const Given&...) {
  static_assert(lang::never<Given...>, "heed: position<Axis>(): the axis is a type in <>");
  return lang::Fault{};
}

template <class D, class... A>
template <class I>
constexpr auto Tensor<D, A...>::operator[](const I& i) const {
  constexpr bool isIndex = requires { typename I::axis; };
  static_assert(isIndex, "heed: x[i]: i is an index, such as index<Key>(); use take<Axis>(x, i) to look up rows");
  if constexpr (isIndex) {
    using To = typename I::axis;
    using From = lang::OriginOf<To>;
    if constexpr (lang::has<To, axes<A...>>) {
      return *this;
    } else {
      constexpr bool matches = lang::has<From, axes<A...>>;
      static_assert(matches,
                    "heed: x[i]: no axis of x is the index's axis, nor the one it is like; use take<Axis>(x, i)");
      if constexpr (matches)
        return rename<From, To>(*this, i.place);
      else
        return lang::Fault{};
    }
  } else {
    return lang::Fault{};
  }
}

}  // namespace heed
