// Several results: a function may return a tensor, a tuple of tensors, results(a, b), or an aggregate of tensors.
//
// Invariant: flatten and build are inverse; names are the field names of an aggregate, else result, result1, ...
// Read tests/dsl/trace_test.cpp.
#pragma once

#include <boost/hana/tuple.hpp>
#include <boost/hana/unpack.hpp>
#include <string_view>
#include <tuple>

#include "heed/dsl/fields.h"
#include "heed/dsl/tensor.h"

namespace heed {

/// results(context, weights): several results of one function.
template <lang::AnyTensor... T>
constexpr std::tuple<T...> results(const T&... tensors) {
  return {tensors...};
}
template <class... T>
requires(!(lang::AnyTensor<T> && ...)) constexpr lang::Fault results(const T&...) {
  constexpr bool told = (lang::Faulty<T> || ...);
  static_assert(told, "heed: results(a, b): one of them is no tensor; what is made of index<> and numbers alone is none");
  return {};
}

namespace lang {

/// "result", "result1", "result2", ...
template <std::size_t I>
struct ResultName {
  static constexpr char text[]{
      'r', 'e', 's', 'u', 'l', 't', I < 10 ? char('0' + I) : char('0' + I / 10), char('0' + I % 10)};
  static constexpr std::string_view value{text, I == 0 ? 6u : I < 10 ? 7u : 8u};
};

template <class R>
struct Results {
  static constexpr bool valid = false;
  using Tensors = void;
};

template <class D, class... A>
struct Results<Tensor<D, A...>> {
  static constexpr bool valid = true;
  using T = Tensor<D, A...>;
  using Tensors = std::tuple<T>;
  static constexpr Tensors flatten(const T& r) { return {r}; }
  static constexpr T build(const T& r) { return r; }
  template <std::size_t>
  static constexpr std::string_view name = "result";
};

template <class... T>
requires(AnyTensor<T>&&...) struct Results<std::tuple<T...>> {
  static constexpr bool valid = sizeof...(T) > 0;
  using Tensors = std::tuple<T...>;
  static constexpr Tensors flatten(const Tensors& r) { return r; }
  static constexpr Tensors build(const T&... r) { return {r...}; }
  template <std::size_t I>
  static constexpr std::string_view name = ResultName<I>::value;
};

template <class... T>
requires(AnyTensor<T>&&...) struct Results<hana::tuple<T...>> {
  static constexpr bool valid = sizeof...(T) > 0;
  using Tensors = std::tuple<T...>;
  static constexpr Tensors flatten(const hana::tuple<T...>& r) {
    return hana::unpack(r, [](const T&... t) { return Tensors{t...}; });
  }
  static constexpr hana::tuple<T...> build(const T&... r) { return {r...}; }
  template <std::size_t I>
  static constexpr std::string_view name = ResultName<I>::value;
};

template <class R, class Fields>
inline constexpr bool holdsTensors = false;
template <class R, class... F>
inline constexpr bool holdsTensors<R, hana::tuple<F...>> = sizeof...(F) > 0 && (AnyTensor<typename F::type> && ...);

template <class R>
concept TensorAggregate = std::is_class_v<R> && std::is_aggregate_v<R> && !Operand<R> &&
                          holdsTensors<R, std::remove_cv_t<decltype(fields<R>)>>;

template <class R>
requires TensorAggregate<R>
struct Results<R> {
  static constexpr bool valid = true;
  struct ToTuple {
    template <class... T>
    constexpr std::tuple<T...> operator()(const T&... t) const {
      return {t...};
    }
  };
  static constexpr auto flatten(const R& r) { return withFields(r, ToTuple{}); }
  using Tensors = decltype(flatten(std::declval<const R&>()));
  template <class... T>
  static constexpr R build(const T&... r) {
    return R{r...};
  }
  template <std::size_t I>
  static constexpr std::string_view name = Field<R, I>::name;
};

/// The signature as callers of a kernel see it: a tensor stays, everything else is a std::tuple.
template <class Signature>
struct AsTuple;
template <class R, class... A>
struct AsTuple<R(A...)> {
  using type = typename Results<R>::Tensors(A...);
};
template <class D, class... B, class... A>
struct AsTuple<Tensor<D, B...>(A...)> {
  using type = Tensor<D, B...>(A...);
};

template <class R>
inline constexpr std::size_t resultCount = std::tuple_size_v<typename Results<R>::Tensors>;

}  // namespace lang

/// The tensors that a function of result type R returns, as a std::tuple.
template <class R>
using ResultTensors = typename lang::Results<R>::Tensors;

}  // namespace heed
