// Axis algebra: union, difference and subset of axes<...>, computed on Hana sequences of types.
//
// Invariant: the order of the left operand is kept, because axis order is layout; membership alone is meaning.
// Read tests/dsl/axis_test.cpp.
#pragma once

#include <boost/hana/append.hpp>
#include <boost/hana/bool.hpp>
#include <boost/hana/concat.hpp>
#include <boost/hana/fold_left.hpp>
#include <boost/hana/remove_if.hpp>
#include <boost/hana/tuple.hpp>
#include <boost/hana/type.hpp>
#include <type_traits>

#include "heed/dsl/axis.h"

namespace heed {

/// A list of axes where one type stands for several: nn::Linear<Model, axes<Heads, Depth>>.
template <class... A>
struct axes {};

namespace lang {

namespace hana = boost::hana;

template <class S>
struct ToHana;
template <class... A>
struct ToHana<axes<A...>> {
  static constexpr auto value = hana::tuple_t<A...>;
};

template <class T>
struct FromHana;
template <class... T>
struct FromHana<hana::tuple<T...>> {
  using type = axes<typename T::type...>;
};

template <class A, class S>
inline constexpr bool has = false;
template <class A, class... B>
inline constexpr bool has<A, axes<B...>> = (std::is_same_v<A, B> || ...);

template <class S, class Of>
inline constexpr bool subset = false;
template <class... A, class Of>
inline constexpr bool subset<axes<A...>, Of> = (has<A, Of> && ...);

template <class L, class R>
inline constexpr bool sameAxes = subset<L, R>&& subset<R, L>;

template <class S>
struct IsIn {
  template <class T>
  constexpr auto operator()(T) const {
    return hana::bool_c<has<typename T::type, S>>;
  }
};

template <class L, class R>
struct Minus : FromHana<decltype(hana::remove_if(ToHana<L>::value, IsIn<R>{}))> {};
template <class S, class Of>
inline constexpr bool disjoint = true;
template <class... A, class Of>
inline constexpr bool disjoint<axes<A...>, Of> = !(has<A, Of> || ...);
// Most differences and unions are one of their operands; the rest is Hana's work.
template <class L, class R>
requires disjoint<L, R>
struct Minus<L, R> {
  using type = L;
};
template <class L, class R>
using minus = typename Minus<L, R>::type;

template <class L, class R>
struct Unite : FromHana<decltype(hana::concat(ToHana<L>::value, ToHana<minus<R, L>>::value))> {};
template <class L, class R>
requires subset<R, L>
struct Unite<L, R> {
  using type = L;
};
template <class L, class R>
using unite = typename Unite<L, R>::type;

/// The axes of an elementwise result: the layout of the operand that has them all, the left one's if both do, and its
/// axes first if neither does.
template <class L, class R>
using broadcast = std::conditional_t<subset<L, R> && !subset<R, L>, R, unite<L, R>>;

template <class From, class To>
struct ReplaceOne {
  template <class Done, class T>
  constexpr auto operator()(Done done, T axis) const {
    if constexpr (std::is_same_v<typename T::type, From>)
      return hana::concat(done, ToHana<To>::value);
    else
      return hana::append(done, axis);
  }
};
template <class S, class From, class To>
struct Replace : FromHana<decltype(hana::fold_left(ToHana<S>::value, hana::tuple<>{}, ReplaceOne<From, To>{}))> {};
/// S with the axis From replaced, in its place, by the axes To.
template <class S, class From, class To>
using replace = typename Replace<S, From, To>::type;

template <class S>
struct AsAxes {
  using type = axes<S>;
};
template <class... A>
struct AsAxes<axes<A...>> {
  using type = axes<A...>;
};
template <class S>
using asAxes = typename AsAxes<S>::type;

template <class S>
inline constexpr bool distinctNames = true;
template <class A, class... B>
inline constexpr bool distinctNames<axes<A, B...>> = (!(A::name == B::name) && ...) && distinctNames<axes<B...>>;

}  // namespace lang
}  // namespace heed
