// take<Axis>(table, rows): the rows of a table along Axis that i32 rows name; an embedding. Or one row, by number.
//
// Invariant: the result has the axes of rows, then those of the table without Axis.
// Read tests/dsl/words_test.cpp.
#pragma once

#include "heed/dsl/expression.h"

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

}  // namespace heed
