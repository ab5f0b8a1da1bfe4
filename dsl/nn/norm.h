// LayerNorm and RMSNorm along one axis.
//
// Invariant: parameters and epsilon as PyTorch has them, so that published weights fit.
// Read tests/nn/linear_test.cpp.
#pragma once

#include "heed/dsl/pointwise_rules.h"
#include "heed/dsl/words/reduce.h"

namespace heed {
namespace lang {

template <class A, class X>
constexpr bool normalises() {
  if constexpr (Faulty<X>) {
    return false;
  } else {
    constexpr bool hasAxis = has<A, AxesOf<X>>;
    static_assert(hasAxis, "heed: nn::LayerNorm<Axis>, nn::RMSNorm<Axis>(x): x has no such axis");
    return hasAxis;
  }
}

}  // namespace lang

namespace nn {

/// (x - mean) / sqrt(variance + epsilon) * weight + bias (Ba et al., arXiv:1607.06450).
template <class Model>
struct LayerNorm {
  Tensor<f32, Model> weight{}, bias{};
  double epsilon = 1e-5;

  template <lang::Operand X>
  constexpr auto operator()(const X& x, tape::Place place = lang::caller()) const {
    if constexpr (lang::normalises<Model, X>()) {
      lang::Inside here(weight, place);
      auto centred = x - mean<Model>(x);
      return centred * rsqrt(mean<Model>(centred * centred) + epsilon) * weight + bias;
    } else {
      return lang::Fault{};
    }
  }
};

/// x / sqrt(mean of squares + epsilon) * (weight + offset) (Zhang and Sennrich, arXiv:1910.07467). Gemma stores weights
/// around 0 and has an offset of 1.
template <class Model>
struct RMSNorm {
  Tensor<f32, Model> weight{};
  double epsilon = 1e-6, offset = 0;

  template <lang::Operand X>
  constexpr auto operator()(const X& x, tape::Place place = lang::caller()) const {
    if constexpr (lang::normalises<Model, X>()) {
      lang::Inside here(weight, place);
      auto normed = x * rsqrt(mean<Model>(x * x) + epsilon);
      return offset == 0 ? normed * weight : normed * (weight + offset);
    } else {
      return lang::Fault{};
    }
  }
};

}  // namespace nn
}  // namespace heed
