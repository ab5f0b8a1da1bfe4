// Words that change the axes and not the numbers: along, split, merge.
//
// Invariant: the elements of the result are elements of x; extents agree, checked where they are static.
// Read tests/dsl/words_test.cpp.
#pragma once

#include "heed/dsl/tensor.h"
#include "heed/dsl/words/rename.h"

namespace heed {

/// x repeated along the new axis A: broadcasting on purpose.
template <class A, lang::Shaped T>
constexpr auto along(const T& x, tape::Place place = lang::caller()) {
  constexpr bool tensor = lang::AnyTensor<T>;
  constexpr bool lacksAxis = !lang::has<A, lang::AxesOf<T>>;
  static_assert(tensor, "heed: along<Axis>(x): x must be a tensor");
  static_assert(lacksAxis, "heed: along<Axis>(x): x already has that axis");
  if constexpr (tensor && lacksAxis)
    return lang::emit<lang::TensorOf<lang::ElementOf<T>, lang::unite<lang::AxesOf<T>, axes<A>>>>(
        x.tape, op::along, {x.id}, {lang::axisAttribute<A>("axis")}, place);
  else
    return lang::Fault{};
}

/// One axis as several, the last the fastest: split<Model, Heads, Depth>(x).
template <class A, class... Parts, lang::Shaped T>
constexpr auto split(const T& x, tape::Place place = lang::caller()) {
  constexpr bool tensor = lang::AnyTensor<T>;
  constexpr bool several = sizeof...(Parts) > 1;
  constexpr bool hasAxis = lang::has<A, lang::AxesOf<T>>;
  constexpr bool isStatic = lang::StaticAxis<A> && (lang::StaticAxis<Parts> && ...);
  constexpr bool product = (Parts::extent * ... * 1) == A::extent;
  static_assert(tensor, "heed: split<Axis, Parts...>(x): x must be a tensor");
  static_assert(several, "heed: split<Axis, Parts...>(x): name at least two parts");
  static_assert(!several || hasAxis, "heed: split<Axis, Parts...>(x): x has no such axis");
  static_assert(!several || !hasAxis || isStatic,
                "heed: split<Axis, Parts...>(x): all these axes need a static extent");
  static_assert(!several || !hasAxis || !isStatic || product,
                "heed: split<Axis, Parts...>(x): the parts do not multiply to the axis's extent");
  if constexpr (tensor && several && hasAxis && isStatic && product)
    return lang::emit<lang::TensorOf<lang::ElementOf<T>, lang::replace<lang::AxesOf<T>, A, axes<Parts...>>>>(
        x.tape, op::split, {x.id}, {lang::axisAttribute<A>("axis"), lang::axisAttribute<Parts>("parts")...}, place);
  else
    return lang::Fault{};
}

/// Two axes as one, Inner the fastest: merge<Heads, Depth, Model>(x). The new axis takes Outer's place.
template <class Outer, class Inner, class A, lang::Shaped T>
constexpr auto merge(const T& x, tape::Place place = lang::caller()) {
  constexpr bool tensor = lang::AnyTensor<T>;
  constexpr bool hasBoth = lang::has<Outer, lang::AxesOf<T>> && lang::has<Inner, lang::AxesOf<T>>;
  constexpr bool isStatic = lang::StaticAxis<A> && lang::StaticAxis<Outer> && lang::StaticAxis<Inner>;
  constexpr bool product = Outer::extent * Inner::extent == A::extent;
  static_assert(tensor, "heed: merge<Outer, Inner, Axis>(x): x must be a tensor");
  static_assert(hasBoth, "heed: merge<Outer, Inner, Axis>(x): x lacks one of the two axes");
  static_assert(!hasBoth || isStatic, "heed: merge<Outer, Inner, Axis>(x): all three axes need a static extent");
  static_assert(!hasBoth || !isStatic || product,
                "heed: merge<Outer, Inner, Axis>(x): Outer times Inner is not Axis's extent");
  if constexpr (tensor && hasBoth && isStatic && product) {
    using Rest = lang::replace<lang::minus<lang::AxesOf<T>, axes<Inner>>, Outer, axes<A>>;
    return lang::emit<lang::TensorOf<lang::ElementOf<T>, Rest>>(
        x.tape, op::merge, {x.id},
        {lang::axisAttribute<Outer>("parts"), lang::axisAttribute<Inner>("parts"), lang::axisAttribute<A>("axis")},
        place);
  } else {
    return lang::Fault{};
  }
}

template <class A, lang::Faulty T>
constexpr T along(const T& x, tape::Place = {}) {
  return x;
}
template <class A, class... Parts, lang::Faulty T>
constexpr T split(const T& x, tape::Place = {}) {
  return x;
}
template <class Outer, class Inner, class A, lang::Faulty T>
constexpr T merge(const T& x, tape::Place = {}) {
  return x;
}

}  // namespace heed
