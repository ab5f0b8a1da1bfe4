// How the types of a graph and the arrays given to its kernel are matched, and what is said when they do not match.
//
// Invariant: one mistake is one message at the caller's line; takes() and gives() return false after it, so that
// nothing else is instantiated. Read tests/runtime/errors/: one file per message.
#pragma once

#include <array>
#include <initializer_list>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "heed/runtime/array.h"
#include "heed/runtime/bind.h"

namespace heed::matching {

template <class... A>
struct List {
  using Tuple = std::tuple<A...>;
};

/// Tensor<D, Axes...> of the language becomes Array<D, Axes...>.
template <class T>
struct ArrayOfTensor;
template <template <class...> class Tensor, class D, class... A>
requires lang::ElementType<D>
struct ArrayOfTensor<Tensor<D, A...>> {
  using type = Array<D, A...>;
};
template <class T>
using ArrayOf = typename ArrayOfTensor<T>::type;

/// A tensor becomes an array, a tuple of tensors a std::tuple of arrays.
template <class R>
struct ResultOf {
  using List = matching::List<ArrayOf<R>>;
  using type = ArrayOf<R>;
};
template <template <class...> class Tuple, class... T>
requires(sizeof...(T) > 0 && (requires { typename ArrayOf<T>; } && ...)) struct ResultOf<Tuple<T...>> {
  using List = matching::List<ArrayOf<T>...>;
  using type = typename List::Tuple;
};

template <class T>
inline constexpr bool is_array = false;
template <class D, class... A>
inline constexpr bool is_array<Array<D, A...>> = true;
template <class A>
inline constexpr bool is_array<const A> = is_array<A>;

template <class L, class R>
inline constexpr bool same_dtype = false;
template <class D, class... A, class E, class... B>
inline constexpr bool same_dtype<Array<D, A...>, Array<E, B...>> = dtype_of<D> == dtype_of<E>;

template <class A>
constexpr bool isReadOnly() {
  if constexpr (is_array<A>) return std::is_const_v<A> || std::is_const_v<typename A::element>;
  return false;
}

/// The number, from 1, of the first true one; 0 if there is none.
constexpr int firstOf(std::initializer_list<bool> wrong) {
  int number = 0;
  for (bool w : wrong) {
    ++number;
    if (w) return number;
  }
  return 0;
}

/// Compilers print the number with the message.
template <int Number>
struct Argument {
  static constexpr bool fits = Number == 0;
};
template <int Number>
struct Result : Argument<Number> {};

/// Whether a kernel takes these arrays; if not, Argument<N> in the message tells the number of the wrong one.
template <class... Required, class... Given>
constexpr bool takes(List<Required...>, List<Given...>) {
  constexpr bool count = sizeof...(Required) == sizeof...(Given);
  static_assert(count, "heed: run(...): give one array for each input of the graph");
  if constexpr (count) {
    constexpr int other = firstOf({!is_array<Given>...});
    constexpr int dtype = other ? 0 : firstOf({!same_dtype<Required, Given>...});
    constexpr int axes = other || dtype ? 0 : firstOf({!same_axes<Required, Given>...});
    static_assert(Argument<other>::fits, "heed: run(...): an argument is no heed::Array; which one: Argument<N>");
    static_assert(Argument<dtype>::fits,
                  "heed: run(...): an argument has another element type; which one: Argument<N>");
    static_assert(Argument<axes>::fits,
                  "heed: run(...): an argument has axes of another input; which one: Argument<N>");
    return !other && !dtype && !axes;
  }
  return false;
}

/// What a call writes into: an array, or a std::tie of arrays.
template <class Into>
struct TargetsOf {
  using type = List<Into>;
};
template <class... A>
struct TargetsOf<std::tuple<A&...>> {
  using type = List<A...>;
};
template <class... A>
struct TargetsOf<const std::tuple<A&...>> : TargetsOf<std::tuple<A&...>> {};
template <class Into>
using Targets = typename TargetsOf<Into>::type;

/// The same for the arrays that results are written into.
template <class... Required, class... Given>
constexpr bool gives(List<Required...>, List<Given...>) {
  constexpr bool count = sizeof...(Required) == sizeof...(Given);
  static_assert(count, "heed: run.into(std::tie(...), ...): give one array for each result of the graph");
  if constexpr (count) {
    constexpr int other = firstOf({!is_array<Given>...});
    constexpr int fixed = other ? 0 : firstOf({isReadOnly<Given>()...});
    constexpr int type =
        other || fixed ? 0 : firstOf({!(same_dtype<Required, Given> && same_axes<Required, Given>)...});
    static_assert(Result<other>::fits, "heed: run.into(...): a result is no heed::Array; which one: Result<N>");
    static_assert(Result<fixed>::fits, "heed: run.into(...): a result is read-only; which one: Result<N>");
    static_assert(Result<type>::fits, "heed: run.into(...): a result has other axes or elements; which one: Result<N>");
    return !other && !fixed && !type;
  }
  return false;
}

/// The view of `array` with its axes in the order of the first parameter's.
template <class D, Axis... A, class Given>
ArrayView viewAs(std::type_identity<Array<D, A...>>, const Given& array) {
  if constexpr (std::is_same_v<Array<D, A...>, Given>)
    return array.view();
  else
    return array.template reordered<A...>().view();
}
template <class... Required, class... Given>
std::array<ArrayView, sizeof...(Required)> views(List<Required...>, const Given&... given) {
  return {viewAs(std::type_identity<Required>{}, given)...};
}

template <class... Required, class... A>
std::array<ArrayView, sizeof...(Required)> targetViews(List<Required...> list, const std::tuple<A&...>& targets) {
  return std::apply([&](const auto&... a) { return views(list, a...); }, targets);
}
template <class Required, class A>
std::array<ArrayView, 1> targetViews(List<Required> list, const A& target) {
  return views(list, target);
}

/// New arrays for the results, of the extents that the call has.
template <class... A>
std::tuple<A...> newArrays(List<A...>, const Arguments& arguments) {
  return [&]<int... I>(std::integer_sequence<int, I...>) {
    return std::tuple<A...>{A::uninitialized(typename A::Extents(arguments.resultExtents(I)))...};
  }
  (std::make_integer_sequence<int, sizeof...(A)>{});
}

template <class D, Axis... A>
TensorSpec spec(std::type_identity<Array<D, A...>>) {
  return {"", dtype_of<D>, {axisSpec<A>()...}};
}
template <class... A>
std::vector<TensorSpec> specs(List<A...>) {
  return {spec(std::type_identity<A>{})...};
}

}  // namespace heed::matching
