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

/// A formula of numbers alone, such as where(mask, 0, -inf) over indices. It has no say in the element type, as numbers
/// have none.
template <class T>
inline constexpr bool weak = Scalar<T>;
template <class D>
inline constexpr bool weak<Constant<D>> = floating<D>;
template <class T, class M, class X, class Y>
inline constexpr bool weak<Expr<word::Where, T, M, X, Y>> = weak<X>&& weak<Y>;

/// Of two element types the one to compute in: i32 gives way to a floating type. What is weak (void) has no say.
template <class D, class E>
using wider = std::conditional_t<std::is_void_v<D> || (std::is_same_v<D, i32> && floating<E>), E, D>;

template <class T>
struct ElementOrVoid {
  using type = void;
};
template <class T>
requires(Shaped<T> && !weak<T>) struct ElementOrVoid<T> {
  using type = ElementOf<T>;
};

template <class D, class... Args>
struct Widest {
  using type = D;
};
template <class D, class T, class... Rest>
struct Widest<D, T, Rest...> : Widest<wider<D, typename ElementOrVoid<T>::type>, Rest...> {};

template <class T>
inline constexpr bool fraction = std::is_floating_point_v<T> || (weak<T> && !Scalar<T>);

/// The element type the operands are brought to. An i32 expression over indices becomes f32 beside a fraction.
template <class... Args>
struct Common {
  static constexpr bool anyExpression = (AnyExpression<Args> || ...);
  using D = typename Widest<void, Args...>::type;
  using type = std::conditional_t<std::is_void_v<D> || (std::is_same_v<D, i32> && (fraction<Args> || ...) &&
                                                        ((AnyExpression<Args> || Scalar<Args>)&&...)),
                                  f32, D>;

  template <class T>
  static constexpr bool fits() {
    if constexpr (!Shaped<T> || weak<T>)
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
requires Shaped<T>
struct AxesOrNone<T> {
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
  // An expression has no layout of its own.
  using type = std::conditional_t<AnyExpression<L> && AnyTensor<R> && subset<A, B>, B, broadcast<A, B>>;
  static constexpr bool deliberate = AnyExpression<L> || AnyExpression<R> || subset<A, B> || subset<B, A>;
};

// ---- operands

template <class D, class E>
constexpr auto retype(const Constant<E>& x) {
  return Constant<D>(x.place, x.value);
}
/// Numbers have any floating type, wherever they stand.
template <class D, class T, class M, class X, class Y>
constexpr auto retype(const Expr<word::Where, T, M, X, Y>& x) {
  return hana::unpack(x.args, [&](const M& mask, const X& l, const Y& r) {
    auto left = retype<D>(l);
    auto right = retype<D>(r);
    return Expr<word::Where, TensorOf<D, AxesOf<T>>, M, decltype(left), decltype(right)>(x.place, mask, left, right);
  });
}

/// x as an operand of element type D: numbers become constants, index expressions are cast.
template <class D, class T>
constexpr auto prepare(tape::Place place, const T& x) {
  if constexpr (Scalar<T>)
    return Constant<D>(place, double(x));
  else if constexpr (std::is_same_v<ElementOf<T>, D>)
    return x;
  else if constexpr (weak<T> && floating<D>)
    return retype<D>(x);
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

// ---- masks

template <class T>
inline constexpr bool isMask = false;
template <class T>
requires Shaped<T>
inline constexpr bool isMask<T> = std::is_same_v<ElementOf<T>, i1>;
template <>
inline constexpr bool isMask<bool> = true;

template <class Word>
inline constexpr bool equates = std::is_same_v<Word, word::Eq> || std::is_same_v<Word, word::Ne>;

// ---- the two shapes of a pointwise word, and x += y

template <class Word, class... Args>
constexpr auto elementwise(tape::Place place, const Args&... args) {
  using C = Common<Args...>;
  using D = typename C::type;
  constexpr bool faulty = anyFaulty<Args...>, anyMask = (isMask<Args> || ...), masks = (isMask<Args> && ...);
  constexpr bool compares = Word::typing == Typing::compare, joins = Word::typing == Typing::logic;
  // Each holds where one before it does not: one mistake is one message.
  constexpr bool extents = faulty || !(std::is_same_v<Args, RunTimeExtent> || ...);
  constexpr bool known = faulty || !extents || (AnyOperand<Args> && ...);
  constexpr bool checked = !faulty && extents && known;
  constexpr bool joined = !checked || !joins || masks;
  constexpr bool ordered = !checked || !compares || !anyMask || equates<Word>;
  constexpr bool equated = !checked || !compares || !anyMask || !equates<Word> || masks;
  constexpr bool numbers = !checked || joins || compares || !anyMask;
  constexpr bool alike = checked && joined && ordered && equated && numbers;
  constexpr bool agree = !alike || C::agree;
  constexpr bool fractions = !alike || !agree || Word::typing != Typing::floating || floating<D>;
  constexpr bool bits = !alike || !agree || Word::typing != Typing::same || Word::onFloats || !floating<D>;
  constexpr bool deliberate =
      !alike || !agree || !fractions || !bits || compares || joins || Broadcast<Args...>::deliberate;
  static_assert(extents, "heed: Axis::size: this axis has no static extent; declare it as axis<\"name\", extent>");
  static_assert(known, "heed: an operand is neither a tensor, an index<Axis>() nor a number; does it lack () or <>?");
  static_assert(joined, "heed: && || ! join masks, such as comparisons; an operand is no mask");
  static_assert(ordered, "heed: a mask has no order; a < b < c is written a < b && b < c");
  static_assert(equated, "heed: == != of a mask and a number; compare masks with masks");
  static_assert(numbers, "heed: arithmetic on a mask; use where(mask, x, other)");
  static_assert(agree, "heed: the operands have different element types; use cast<T>(x)");
  static_assert(fractions, "heed: this function is for floating-point operands; use cast<f32>(x)");
  static_assert(bits, "heed: ^ upper16 lower16 are for the bits of an i32; a power is x * x");
  static_assert(
      deliberate,
      "heed: neither operand has all axes of the other; along<Axis>(x) repeats x along a new axis on purpose");
  if constexpr (alike && agree && fractions && bits && deliberate) {
    using Result = TensorOf<std::conditional_t<compares, i1, D>, typename Broadcast<Args...>::type>;
    return apply<Word, Result>(place, prepare<D>(place, args)...);
  } else {
    return Fault{};
  }
}

template <class X, class R>
constexpr auto& assign(X& x, const R& result) {
  if constexpr (!Faulty<R>) {
    constexpr bool alike = sameAxes<AxesOf<R>, AxesOf<X>> && std::is_same_v<ElementOf<R>, ElementOf<X>>;
    constexpr bool same = std::is_same_v<R, X> || (alike && AnyTensor<R> && AnyTensor<X>);
    static_assert(same, "heed: x += y and its kin: the result is of another type than x; auto z = x + y");
    if constexpr (same) x = result;
  }
  return x;
}

template <class Word, class M, class X, class Y>
constexpr auto select(tape::Place place, const M& mask, const X& x, const Y& y) {
  using A = typename Broadcast<X, Y>::type;
  constexpr bool faulty = anyFaulty<M, X, Y>;
  constexpr bool graphFree = (AnyExpression<X> || Scalar<X>)&&(AnyExpression<Y> || Scalar<Y>);
  constexpr bool known = faulty || (AnyOperand<X> && AnyOperand<Y>);
  constexpr bool boolean = faulty || !known || isMask<M>;
  constexpr bool checked = !faulty && known && boolean;
  constexpr bool agree = !checked || Common<X, Y>::agree;
  constexpr bool deliberate = !checked || !agree || Broadcast<X, Y>::deliberate;
  constexpr bool covered = !checked || !agree || !deliberate || graphFree || subset<typename AxesOrNone<M>::type, A>;
  static_assert(known, "heed: where(mask, x, other): x or other is neither a tensor nor a number");
  static_assert(boolean, "heed: where(mask, x, other): mask must be a mask, such as a comparison");
  static_assert(agree, "heed: where(mask, x, other): x and other have different element types; use cast<T>(x)");
  static_assert(deliberate, "heed: where(mask, x, other): neither x nor other has all axes; use along<Axis>(x)");
  static_assert(covered, "heed: where(mask, x, other): mask has an axis that x does not have");
  if constexpr (checked && agree && deliberate && covered) {
    using D = typename Common<X, Y>::type;
    using Axes = std::conditional_t<subset<AxesOf<M>, A>, A, broadcast<AxesOf<M>, A>>;  // a mask lays nothing out
    return apply<Word, TensorOf<D, Axes>>(place, mask, prepare<D>(place, x), prepare<D>(place, y));
  } else {
    return Fault{};
  }
}

}  // namespace heed::lang

namespace heed {

/// where() of what is no mask at all, not even a tensor; and of one side only.
template <class M, class X, class Y>
requires(!lang::Operand<M> && (lang::Operand<X> || lang::Operand<Y>)) constexpr auto where(const M&, const X&,
                                                                                           const Y&) {
  static_assert(lang::anyFaulty<X, Y>, "heed: where(mask, x, other): mask must be a mask, such as a comparison");
  return lang::Fault{};
}
template <lang::Operand M, class X>
constexpr auto where(const M&, const X&) {
  static_assert(lang::anyFaulty<M, X>, "heed: where(mask, x, other): other is missing; 0 or -inf, perhaps");
  return lang::Fault{};
}

template <lang::Operand M>
constexpr auto where(const M&) {
  static_assert(lang::anyFaulty<M>,
                "heed: where(mask, x, other): x and other are missing; the scores and -inf, perhaps");
  return lang::Fault{};
}

/// max<Axis>(x), as others call a reduction.
template <class A, lang::Operand T>
constexpr auto max(const T&) {
  static_assert(lang::anyFaulty<T>, "heed: max(x, y) is of two operands; along an axis it is amax<Axis>(x)");
  return lang::Fault{};
}
template <class A, lang::Operand T>
constexpr auto min(const T&) {
  static_assert(lang::anyFaulty<T>, "heed: min(x, y) is of two operands; along an axis it is amin<Axis>(x)");
  return lang::Fault{};
}

}  // namespace heed
