// The one body behind all pointwise words: element types, broadcasting, then a node or a graph-free expression.
//
// Invariant: a word that is rejected says one thing and returns Fault.
// Read tests/dsl/words_test.cpp.
#pragma once

#include <type_traits>

#include "heed/dsl/expression.h"

namespace heed::lang {

// ---- element types

template <class D>
inline constexpr bool floating = false;
template <class D>
requires ElementType<D>
inline constexpr bool floating<D> = isFloat(D::dtype);

/// Of two element types the one to compute in: i32 gives way to a floating type. Scalars (void) have no say.
template <class D, class E>
using wider = std::conditional_t<std::is_void_v<D> || (std::is_same_v<D, i32> && floating<E>), E, D>;

template <class T>
struct ElementOrVoid {
  using type = void;
};
template <class T>
requires(!Scalar<T>) struct ElementOrVoid<T> {
  using type = ElementOf<T>;
};

template <class D, class... Args>
struct Widest {
  using type = D;
};
template <class D, class T, class... Rest>
struct Widest<D, T, Rest...> : Widest<wider<D, typename ElementOrVoid<T>::type>, Rest...> {};

template <class T>
inline constexpr bool fraction = std::is_floating_point_v<T>;

/// The element type the operands are brought to. An i32 expression over indices becomes f32 beside a fraction.
template <class... Args>
struct Common {
  static constexpr bool anyExpression = (AnyExpression<Args> || ...);
  using D = typename Widest<void, Args...>::type;
  using type = std::conditional_t<
      std::is_same_v<D, i32> && (fraction<Args> || ...) && ((AnyExpression<Args> || Scalar<Args>)&&...), f32, D>;

  template <class T>
  static constexpr bool fits() {
    if constexpr (Scalar<T>)
      return floating<type> || (std::is_same_v<type, i32> ? !fraction<T> : std::is_same_v<T, bool>);
    else
      return std::is_same_v<ElementOf<T>, type> ||
             (anyExpression && std::is_same_v<ElementOf<T>, i32> && floating<type>);
  }
  static constexpr bool agree = (fits<Args>() && ...);
};

// ---- axes

template <class T>
struct AxesOrNone {
  using type = axes<>;
};
template <class T>
requires(!Scalar<T>) struct AxesOrNone<T> {
  using type = AxesOf<T>;
};

template <class... Args>
struct Broadcast;
template <class T>
struct Broadcast<T> {
  using type = typename AxesOrNone<T>::type;
  static constexpr bool deliberate = true;
};
template <class L, class R>
struct Broadcast<L, R> {
  using A = typename AxesOrNone<L>::type;
  using B = typename AxesOrNone<R>::type;
  using type = broadcast<A, B>;
  static constexpr bool deliberate = AnyExpression<L> || AnyExpression<R> || subset<A, B> || subset<B, A>;
};

// ---- operands

/// x as an operand of element type D: numbers become constants, index expressions are cast.
template <class D, class T>
constexpr auto prepare(tape::Place place, const T& x) {
  if constexpr (Scalar<T>)
    return Constant<D>(place, double(x));
  else if constexpr (std::is_same_v<ElementOf<T>, D>)
    return x;
  else if constexpr (AnyExpression<T>)
    return Expr<word::Cast, TensorOf<D, AxesOf<T>>, T>(place, x);
  else
    return emit<TensorOf<D, AxesOf<T>>>(x.tape, op::cast, {x.id}, {}, place);
}

/// The tape of the first tensor among the operands.
template <class T, class... Rest>
constexpr Tape* tapeAmong(const T& x, const Rest&... rest) {
  if constexpr (AnyTensor<T>)
    return x.tape;
  else
    return tapeAmong(rest...);
}

template <class Word, class Result, class... Args>
constexpr auto apply(tape::Place place, const Args&... args) {
  if constexpr ((AnyExpression<Args> && ...)) {
    return Expr<Word, Result, Args...>(place, args...);
  } else {
    Tape* tape = tapeAmong(args...);
    return emit<Result>(tape, Word::name, {bind(tape, args).id...}, {}, place);
  }
}

// ---- the two shapes of a pointwise word

template <class Word, class... Args>
constexpr auto elementwise(tape::Place place, const Args&... args) {
  if constexpr ((Faulty<Args> || ...)) {
    return Fault{};
  } else {
    using D = typename Common<Args...>::type;
    constexpr bool isMask = std::is_same_v<D, i1>;
    constexpr bool compares = Word::typing == Typing::compare, joins = Word::typing == Typing::logic;
    constexpr bool agree = Common<Args...>::agree;
    constexpr bool masks = !agree || !joins || isMask;
    constexpr bool numbers = !agree || joins || compares || !isMask;
    constexpr bool fractions = !agree || Word::typing != Typing::floating || floating<D> || isMask;
    constexpr bool deliberate = !agree || compares || joins || Broadcast<Args...>::deliberate;
    static_assert(agree, "heed: the operands have different element types; use cast<T>(x)");
    static_assert(masks, "heed: && || ! join masks, such as comparisons; an operand is no mask");
    static_assert(numbers, "heed: arithmetic on a mask; use where(mask, x, other)");
    static_assert(fractions, "heed: this function is for floating-point operands; use cast<f32>(x)");
    static_assert(
        deliberate,
        "heed: neither operand has all axes of the other; along<Axis>(x) repeats x along a new axis on purpose");
    if constexpr (agree && masks && numbers && fractions && deliberate) {
      using Result = TensorOf<std::conditional_t<compares, i1, D>, typename Broadcast<Args...>::type>;
      return apply<Word, Result>(place, prepare<D>(place, args)...);
    } else {
      return Fault{};
    }
  }
}

template <class Word, class M, class X, class Y>
constexpr auto select(tape::Place place, const M& mask, const X& x, const Y& y) {
  if constexpr (Faulty<M> || Faulty<X> || Faulty<Y>) {
    return Fault{};
  } else {
    using D = std::conditional_t<Scalar<X> && Scalar<Y>, f32, typename Common<X, Y>::type>;
    using A = typename Broadcast<X, Y>::type;
    constexpr bool graphFree = (AnyExpression<X> || Scalar<X>)&&(AnyExpression<Y> || Scalar<Y>);
    constexpr bool boolean = std::is_same_v<ElementOf<M>, i1>;
    constexpr bool shaped = !Scalar<X> || !Scalar<Y>;
    constexpr bool agree = !shaped || Common<X, Y>::agree;
    constexpr bool deliberate = Broadcast<X, Y>::deliberate;
    constexpr bool covered = !deliberate || !shaped || graphFree || subset<AxesOf<M>, A>;
    static_assert(boolean, "heed: where(mask, x, other): mask must be a mask, such as a comparison");
    static_assert(shaped, "heed: where(mask, x, other): x or other must be a tensor");
    static_assert(agree, "heed: where(mask, x, other): x and other have different element types; use cast<T>(x)");
    static_assert(deliberate, "heed: where(mask, x, other): neither x nor other has all axes; use along<Axis>(x)");
    static_assert(covered, "heed: where(mask, x, other): mask has an axis that x does not have");
    if constexpr (boolean && shaped && agree && deliberate && covered)
      return apply<Word, TensorOf<D, broadcast<AxesOf<M>, A>>>(place, mask, prepare<D>(place, x), prepare<D>(place, y));
    else
      return Fault{};
  }
}

}  // namespace heed::lang
