// sum, mean, amax and amin along named axes.
//
// Invariant: the result has the axes of x that are not named, in their order.
// Read tests/dsl/words_test.cpp.
#pragma once

#include "heed/dsl/tensor.h"

namespace heed {
namespace lang {

template <Shaped T, class... A>
constexpr auto reduce(std::string_view word, const T& x, tape::Place place) {
  constexpr bool tensor = AnyTensor<T>;
  constexpr bool named = sizeof...(A) > 0;
  constexpr bool once = distinctNames<axes<A...>>;
  constexpr bool hasAxes = (has<A, AxesOf<T>> && ...);
  constexpr bool numbers = !std::is_same_v<ElementOf<T>, i1>;
  static_assert(tensor, "heed: sum, mean, amax, amin<Axis...>(x): x must be a tensor");
  static_assert(named, "heed: sum, mean, amax, amin<Axis...>(x): name the axes to reduce");
  static_assert(once, "heed: sum, mean, amax, amin<Axis...>(x): an axis is named twice");
  static_assert(hasAxes, "heed: sum, mean, amax, amin<Axis...>(x): x has no such axis");
  static_assert(numbers, "heed: sum, mean, amax, amin<Axis...>(x): x is a mask; use cast<f32>(x)");
  if constexpr (tensor && named && once && hasAxes && numbers)
    return emit<TensorOf<ElementOf<T>, minus<AxesOf<T>, axes<A...>>>>(x.tape, word, {x.id},
                                                                      {axisAttribute<A>("axes")...}, place);
  else
    return Fault{};
}

template <Faulty T, class... A>
constexpr T reduce(std::string_view, const T& x, tape::Place) {
  return x;
}

}  // namespace lang

template <class... A, lang::Operand T>
constexpr auto sum(const T& x, tape::Place place = lang::caller()) {
  return lang::reduce<T, A...>(op::sum, x, place);
}
template <class... A, lang::Operand T>
constexpr auto mean(const T& x, tape::Place place = lang::caller()) {
  return lang::reduce<T, A...>(op::mean, x, place);
}
template <class... A, lang::Operand T>
constexpr auto amax(const T& x, tape::Place place = lang::caller()) {
  return lang::reduce<T, A...>(op::amax, x, place);
}
template <class... A, lang::Operand T>
constexpr auto amin(const T& x, tape::Place place = lang::caller()) {
  return lang::reduce<T, A...>(op::amin, x, place);
}

}  // namespace heed
