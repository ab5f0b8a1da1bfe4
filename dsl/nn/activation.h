// The activations as types, for layers that take one: FeedForward<Model, Hidden, Relu>.
//
// Invariant: each is the formula of the same name in words/formulas.h and has no state.
// Read tests/nn/feed_forward_test.cpp.
#pragma once

#include "heed/dsl/words/formulas.h"

namespace heed::nn {

/// max(x, 0)
struct Relu {
  template <lang::Operand X>
  constexpr auto operator()(const X& x, tape::Place place = lang::caller()) const {
    return relu(x, place);
  }
};

/// x Phi(x), exact: what BERT and torch.nn.GELU() have (Hendrycks and Gimpel, arXiv:1606.08415).
struct Gelu {
  template <lang::Operand X>
  constexpr auto operator()(const X& x, tape::Place place = lang::caller()) const {
    return gelu(x, place);
  }
};

/// Its tanh approximation: what GPT-2 and Gemma have.
struct GeluTanh {
  template <lang::Operand X>
  constexpr auto operator()(const X& x, tape::Place place = lang::caller()) const {
    return geluTanh(x, place);
  }
};

/// x sigmoid(x)
struct Silu {
  template <lang::Operand X>
  constexpr auto operator()(const X& x, tape::Place place = lang::caller()) const {
    return silu(x, place);
  }
};

}  // namespace heed::nn
