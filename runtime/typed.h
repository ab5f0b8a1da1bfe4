// What the runtime asks of the language's axis and dtype types, in one place.
//
// Invariant: an axis of extent -1 is symbolic; `const` on a dtype tag means read-only elements.
// Read tests/runtime/array_test.cpp.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <type_traits>

#include "heed/dsl/axis.h"
#include "heed/dsl/dtype.h"
#include "heed/runtime/element.h"
#include "heed/runtime/signature.h"

namespace heed {

/// What is wrong with the element type of an Array. Beside the class, as lang::AxisRules is.
template <class T>
struct ElementRules {
  static constexpr bool element = lang::ElementType<T>;
  static_assert(element, "heed: Array<T, Axes...>: T is one of i1, i32, f16, bf16, f32, or one of them const");
  static constexpr bool told = true;
};
template <class T>
inline constexpr DType dtype_of = DType::f32;
template <lang::ElementType T>
inline constexpr DType dtype_of<T> = T::dtype;
template <class T>
inline constexpr DType dtype_of<const T> = dtype_of<T>;

template <class D>
using element_of = std::conditional_t<std::is_const_v<D>, const typename ElementOf<dtype_of<D>>::type,
                                      typename ElementOf<dtype_of<D>>::type>;

template <class A, class... Axes>
inline constexpr bool one_of = (std::same_as<A, Axes> || ...);
/// The position of A among Axes.
template <class A, class... Axes>
inline constexpr int index_in = [] {
  int at = 0, found = -1;
  ((std::same_as<A, Axes> ? found = at : 0, ++at), ...);
  return found;
}();
template <class... Axes>
inline constexpr bool distinct_names = true;
template <class A, class... Rest>
inline constexpr bool distinct_names<A, Rest...> = (!(A::name == Rest::name) && ...) && distinct_names<Rest...>;
template <class D, Axis... Axes>
class Array;
/// Arrays of the same axes in any order.
template <class L, class R>
inline constexpr bool same_axes = false;
template <class D, class... A, class E, class... B>
inline constexpr bool same_axes<Array<D, A...>, Array<E, B...>> = sizeof...(A) == sizeof...(B) &&
                                                                  (one_of<A, B...> && ...);

template <Axis A>
AxisSpec axisSpec() {
  return {std::string(A::name.view()), std::string(A::symbol.view()), A::extent};
}

}  // namespace heed
