// softmax<Axis>(x) and logsumexp<Axis>(x).
//
// Invariant: a row that is -inf throughout has softmax 0 and logsumexp -inf.
// Read tests/dsl/words_test.cpp.
#pragma once

#include "heed/dsl/tensor.h"

namespace heed {

/// exp(x - max) / sum along A.
template <class A, lang::Shaped T>
constexpr auto softmax(const T& x, tape::Place place = lang::caller()) {
  constexpr bool tensor = lang::AnyTensor<T>;
  constexpr bool hasAxis = lang::has<A, lang::AxesOf<T>>;
  constexpr bool floating = lang::isFloat(lang::ElementOf<T>::dtype);
  static_assert(tensor, "heed: softmax<Axis>(x): x must be a tensor");
  static_assert(hasAxis, "heed: softmax<Axis>(x): x has no such axis");
  static_assert(floating, "heed: softmax<Axis>(x): x must be of a floating type; use cast<f32>(x)");
  if constexpr (tensor && hasAxis && floating)
    return lang::emit<T>(x.tape, op::softmax, {x.id}, {lang::axisAttribute<A>("axis")}, place);
  else
    return lang::Fault{};
}

/// The log of the sum of exp(x) along A.
template <class A, lang::Shaped T>
constexpr auto logsumexp(const T& x, tape::Place place = lang::caller()) {
  using Rest = lang::minus<lang::AxesOf<T>, axes<A>>;
  constexpr bool tensor = lang::AnyTensor<T>;
  constexpr bool hasAxis = lang::has<A, lang::AxesOf<T>>;
  constexpr bool floating = lang::isFloat(lang::ElementOf<T>::dtype);
  static_assert(tensor, "heed: logsumexp<Axis>(x): x must be a tensor");
  static_assert(hasAxis, "heed: logsumexp<Axis>(x): x has no such axis");
  static_assert(floating, "heed: logsumexp<Axis>(x): x must be of a floating type; use cast<f32>(x)");
  if constexpr (tensor && hasAxis && floating)
    return lang::emit<lang::TensorOf<lang::ElementOf<T>, Rest>>(x.tape, op::logsumexp, {x.id},
                                                                {lang::axisAttribute<A>("axis")}, place);
  else
    return lang::Fault{};
}

template <class A, lang::Faulty T>
constexpr T softmax(const T& x, tape::Place = {}) {
  return x;
}
template <class A, lang::Faulty T>
constexpr T logsumexp(const T& x, tape::Place = {}) {
  return x;
}

}  // namespace heed
