// What may stand in a formula: tensors, graph-free expressions, plain numbers; and the traits the words ask of them.
//
// Invariant: Traits<T>::Type is the Tensor that T becomes on a tape.
// Read tests/dsl/expression_test.cpp.
#pragma once

#include <string_view>
#include <type_traits>

#include "heed/dsl/algebra.h"
#include "heed/dsl/dtype.h"
#include "heed/dsl/place.h"
#include "heed/dsl/words.h"

namespace heed {

template <class D, class... A>
struct Tensor;

namespace lang {

struct Fault;
template <class Word, class Type, class... Args>
struct Expr;
template <class D>
struct Constant;
template <class A>
struct Index;
template <class A>
struct Past;

template <class D, class S>
struct TensorWith;
template <class D, class... A>
struct TensorWith<D, axes<A...>> {
  using type = Tensor<D, A...>;
};

enum class Sort { none, tensor, expression, fault, scalar };

template <class T>
struct Traits {
  static constexpr Sort sort = std::is_arithmetic_v<T> ? Sort::scalar : Sort::none;
};
template <class D, class... A>
struct Traits<Tensor<D, A...>> {
  static constexpr Sort sort = Sort::tensor;
  using Type = Tensor<D, A...>;
  using Element = D;
  using Axes = axes<A...>;
};
template <class Word, class T, class... Args>
struct Traits<Expr<Word, T, Args...>> : Traits<T> {
  static constexpr Sort sort = Sort::expression;
};
template <class D>
struct Traits<Constant<D>> : Traits<Tensor<D>> {
  static constexpr Sort sort = Sort::expression;
};
template <class A>
struct Traits<Index<A>> : Traits<Tensor<i32, A>> {
  static constexpr Sort sort = Sort::expression;
};
template <class A>
struct Traits<Past<A>> : Traits<typename TensorWith<i32, typename A::rows>::type> {
  static constexpr Sort sort = Sort::expression;
};
template <>
struct Traits<Fault> {
  static constexpr Sort sort = Sort::fault;
};

template <class T>
inline constexpr Sort sortOf = Traits<std::remove_cvref_t<T>>::sort;

template <class T>
concept AnyTensor = sortOf<T>
== Sort::tensor;
template <class T>
concept AnyExpression = sortOf<T>
== Sort::expression;
/// Has an element type and axes.
template <class T>
concept Shaped = AnyTensor<T> || AnyExpression<T>;
template <class T>
concept Faulty = sortOf<T>
== Sort::fault;
template <class T>
concept Scalar = sortOf<T>
== Sort::scalar;
template <class T>
concept AnyOperand = sortOf<T>
!= Sort::none;
template <class T>
concept Operand = AnyOperand<T> && !Scalar<T>;

template <class T>
using ElementOf = typename Traits<T>::Element;
template <class T>
using AxesOf = typename Traits<T>::Axes;

template <class D, class S>
using TensorOf = typename TensorWith<D, S>::type;

/// A strict total order of types, what is no operand by itself first; what it is does not matter.
template <class L, class R>
constexpr bool precedes() {
  if constexpr (!Operand<L> || !Operand<R> || std::is_same_v<L, R>) {
    return !Operand<L> && Operand<R>;
  } else {
    constexpr std::string_view l = typeName<L>(), r = typeName<R>();
    return l.size() != r.size() ? l.size() < r.size() : l < r;
  }
}
template <class L, class R>
concept ComesBefore = precedes<L, R>();

/// How the element type of a pointwise result follows from its operands (class Typing of words.td).
enum class Typing { same, floating, compare, logic, select };

// The bodies of the words, in pointwise_rules.h.
template <class Word, class... Args>
constexpr auto elementwise(tape::Place place, const Args&... args);
template <class X, class R>
constexpr auto& assign(X& x, const R& result);
template <class Word, class M, class X, class Y>
constexpr auto select(tape::Place place, const M& mask, const X& x, const Y& y);

}  // namespace lang
}  // namespace heed
