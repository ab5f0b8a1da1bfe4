// take<Axis>(table, rows): the rows of a table along Axis that i32 rows name; an embedding. Or one row, by number; and
// last<Axis>(x), the last one.
//
// Invariant: the result has the axes of rows, then those of the table without Axis.
// Read tests/dsl/words_test.cpp.
#pragma once

#include "heed/dsl/expression.h"
#include "heed/dsl/words/index.h"
#include "heed/dsl/words/reduce.h"

namespace heed {

template <class A, lang::Shaped T, lang::Shaped I>
constexpr auto take(const T& table, const I& rows, tape::Place place = lang::caller()) {
  using Rest = lang::minus<lang::AxesOf<T>, axes<A>>;
  constexpr bool tensor = lang::AnyTensor<T>;
  constexpr bool hasAxis = lang::has<A, lang::AxesOf<T>>;
  constexpr bool integers = std::is_same_v<lang::ElementOf<I>, i32>;
  static_assert(tensor, "heed: take<Axis>(table, rows): table must be a tensor");
  static_assert(hasAxis, "heed: take<Axis>(table, rows): table has no such axis");
  static_assert(!hasAxis || integers, "heed: take<Axis>(table, rows): rows must be of type i32");
  if constexpr (tensor && hasAxis && integers) {
    auto which = lang::bind(table.tape, rows);
    return lang::emit<lang::TensorOf<lang::ElementOf<T>, lang::unite<lang::AxesOf<I>, Rest>>>(
        table.tape, op::take, {table.id, which.id}, {lang::axisAttribute<A>("axis")}, place);
  } else {
    return lang::Fault{};
  }
}

/// take<Three>(qkv, 1): one row, without a copy.
template <class A, lang::Shaped T>
constexpr auto take(const T& table, int row, tape::Place place = lang::caller()) {
  return take<A>(table, lang::Constant<i32>(place, row), place);
}

template <class A, class T, class I>
requires(lang::Faulty<T> || lang::Faulty<I>) constexpr lang::Fault take(const T&, const I&, tape::Place = {}) {
  return {};
}

/// last<Seq>(x): the last element along an axis; of no elements, NaN (0 for integers). One for each row of a ragged
/// batch is take<Seq>(x, lengths - 1).
template <class A, lang::Operand T>
constexpr auto last(const T& x, tape::Place place = lang::caller()) {
  if constexpr (lang::Faulty<T>) {
    return lang::Fault{};
  } else {
    constexpr bool hasAxis = lang::AnyTensor<T> && lang::has<A, lang::AxesOf<T>>;
    static_assert(hasAxis, "heed: last<Axis>(x): x must be a tensor with this axis");
    if constexpr (!hasAxis)
      return lang::Fault{};
    else if constexpr (A::extent > 0)
      return take<A>(x, int(A::extent) - 1, place);
    else
      return take<A>(x, amax<A>(lang::bind(x.tape, index<A>(place)), place), place);
  }
}

template <class... A, lang::AnyTensor... Given>
requires(sizeof...(A) != 1 || sizeof...(Given) != 1) constexpr auto last(const Given&...) {
  static_assert(lang::never<Given...>, "heed: last<Axis>(x): name one axis, give one tensor");
  return lang::Fault{};
}

}  // namespace heed
