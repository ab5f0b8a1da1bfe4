// Linear: an affine map from some axes to others.
//
// Invariant: weight has the produced axes first, as PyTorch stores it: [out..., in...].
// Read tests/nn/linear_test.cpp.
#pragma once

#include "heed/dsl/pointwise_rules.h"
#include "heed/dsl/words/contract.h"

namespace heed {
namespace lang {

template <class From, class To>
struct AffineMap;
template <class From, class To>
struct LinearMap;

/// What is wrong with a linear layer.
template <class From, class To>
struct LinearRules {
  static_assert(disjoint<From, To>, "heed: nn::Linear<From, To>: an axis is consumed and produced; rename one");
  static constexpr bool told = true;
};

/// The weight of a linear layer.
template <class From, class To>
struct Weight {
  using type = Fault;
};
template <class... F, class... T>
requires disjoint<axes<F...>, axes<T...>>
struct Weight<axes<F...>, axes<T...>> {
  using type = Tensor<f32, T..., F...>;
};

template <class... F, class... T>
struct AffineMap<axes<F...>, axes<T...>> {
  static_assert(LinearRules<axes<F...>, axes<T...>>::told);
  typename Weight<axes<F...>, axes<T...>>::type weight;
  Tensor<f32, T...> bias;

  template <Shaped X>
  constexpr auto operator()(const X& x, tape::Place place = caller()) const {
    constexpr bool hasAxes = (has<F, AxesOf<X>> && ...);
    static_assert(hasAxes, "heed: nn::Linear<From, To>(x): x has no axis From");
    if constexpr (hasAxes && !Faulty<decltype(weight)>) {
      Inside here(weight, place);
      return contract<F...>(x, weight) + bias;
    } else {
      return Fault{};
    }
  }
  template <class... Given>
  constexpr auto operator()(const Given&...) const {
    static_assert(anyFaulty<Given...>, "heed: nn::Linear<From, To>(x): x is one tensor, or a formula of them");
    return Fault{};
  }
};

template <class... F, class... T>
struct LinearMap<axes<F...>, axes<T...>> {
  static_assert(LinearRules<axes<F...>, axes<T...>>::told);
  typename Weight<axes<F...>, axes<T...>>::type weight;

  template <Shaped X>
  constexpr auto operator()(const X& x, tape::Place place = caller()) const {
    constexpr bool hasAxes = (has<F, AxesOf<X>> && ...);
    static_assert(hasAxes, "heed: nn::Linear<From, To>(x): x has no axis From");
    if constexpr (hasAxes && !Faulty<decltype(weight)>) {
      Inside here(weight, place);
      return contract<F...>(x, weight);
    } else {
      return Fault{};
    }
  }
  template <class... Given>
  constexpr auto operator()(const Given&...) const {
    static_assert(anyFaulty<Given...>, "heed: nn::Linear<From, To>(x): x is one tensor, or a formula of them");
    return Fault{};
  }
};

}  // namespace lang

namespace nn {

/// weight . x + bias. From and To are an axis each, or several: Linear<Model, axes<Heads, Depth>>.
template <class From, class To>
using Linear = lang::AffineMap<lang::asAxes<From>, lang::asAxes<To>>;

/// weight . x
template <class From, class To>
using LinearNoBias = lang::LinearMap<lang::asAxes<From>, lang::asAxes<To>>;

}  // namespace nn
}  // namespace heed
