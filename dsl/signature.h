// What a traced function takes and returns, read from its type.
//
// Invariant: parameters are tensors; a result is a tensor, or several in a tuple or an aggregate.
// Read tests/dsl/trace_test.cpp.
#pragma once

#include <cstddef>
#include <type_traits>

#include "heed/dsl/tensor.h"

namespace heed::lang {

template <class F>
struct SignatureOfMember {
  static constexpr bool known = false;
};
template <class R, class... A>
struct SignatureOfMember<R(A...)> {
  static constexpr bool known = true;
  static constexpr std::size_t arity = sizeof...(A);
  using result = std::remove_cvref_t<R>;
  static constexpr bool tensors = (AnyTensor<A> && ...);
  static constexpr bool values = (std::is_convertible_v<const std::remove_cvref_t<A>&, A> && ...);
  using type = std::remove_cvref_t<R>(std::remove_cvref_t<A>...);
};
template <class R, class... A>
struct SignatureOfMember<R (*)(A...)> : SignatureOfMember<R(A...)> {};
template <class R, class M, class... A>
struct SignatureOfMember<R (M::*)(A...) const> : SignatureOfMember<R(A...)> {};
template <class R, class M, class... A>
struct SignatureOfMember<R (M::*)(A...)> : SignatureOfMember<R(A...)> {};

template <class F>
struct SignatureOf : SignatureOfMember<F> {};
template <class F>
requires requires { &F::operator(); }
struct SignatureOf<F> : SignatureOfMember<decltype(&F::operator())> {};

/// A function or lambda, given as a template argument, as a class.
template <auto F>
struct Fixed {
  template <class... A>
  constexpr auto operator()(const A&... a) const {
    return F(a...);
  }
};
template <auto F>
struct SignatureOf<Fixed<F>> : SignatureOf<std::remove_cv_t<decltype(F)>> {};

template <class F>
concept Capturing = std::is_class_v<F> && !std::is_default_constructible_v<F>;

/// What stands in trace<f> and cannot: a lambda with captures, or a function template, which takes tensors that were
/// refused, as all words do, and gives one.
struct Unfit {
  bool captures = false;
  template <Capturing F>
  constexpr Unfit(const F&) : captures(true) {}
  constexpr Unfit(Fault (*)(Fault)) {}
  constexpr Unfit(Fault (*)(Fault, Fault)) {}
  constexpr Unfit(Fault (*)(Fault, Fault, Fault)) {}
  constexpr Unfit(Fault (*)(Fault, Fault, Fault, Fault)) {}
  constexpr Unfit(Fault (*)(Fault, Fault, Fault, Fault, Fault)) {}
  constexpr Unfit(Fault (*)(Fault, Fault, Fault, Fault, Fault, Fault)) {}
};

}  // namespace heed::lang
