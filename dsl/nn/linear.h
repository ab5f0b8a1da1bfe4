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

template <class... F, class... T>
struct AffineMap<axes<F...>, axes<T...>> {
  static constexpr bool disjoint = (!has<T, axes<F...>> && ...);
  static_assert(disjoint, "heed: nn::Linear<From, To>: an axis is consumed and produced; rename one");
  std::conditional_t<disjoint, Tensor<f32, T..., F...>, Fault> weight;
  Tensor<f32, T...> bias;

  template <Shaped X>
  constexpr auto operator()(const X& x, tape::Place place = caller()) const {
    constexpr bool hasAxes = (has<F, AxesOf<X>> && ...);
    static_assert(hasAxes, "heed: nn::Linear<From, To>(x): x has no axis From");
    if constexpr (hasAxes && disjoint) {
      Inside here(weight, place);
      return contract<F...>(x, weight) + bias;
    } else {
      return Fault{};
    }
  }
  template <Faulty X>
  constexpr X operator()(const X& x, tape::Place = {}) const {
    return x;
  }
};

template <class... F, class... T>
struct LinearMap<axes<F...>, axes<T...>> {
  static constexpr bool disjoint = (!has<T, axes<F...>> && ...);
  static_assert(disjoint, "heed: nn::Linear<From, To>: an axis is consumed and produced; rename one");
  std::conditional_t<disjoint, Tensor<f32, T..., F...>, Fault> weight;

  template <Shaped X>
  constexpr auto operator()(const X& x, tape::Place place = caller()) const {
    constexpr bool hasAxes = (has<F, AxesOf<X>> && ...);
    static_assert(hasAxes, "heed: nn::Linear<From, To>(x): x has no axis From");
    if constexpr (hasAxes && disjoint) {
      Inside here(weight, place);
      return contract<F...>(x, weight);
    } else {
      return Fault{};
    }
  }
  template <Faulty X>
  constexpr X operator()(const X& x, tape::Place = {}) const {
    return x;
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
