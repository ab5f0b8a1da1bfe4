// FeedForward and its gated form: two linear maps with an activation between them.
//
// Invariant: the result has the axes of x.
// Read tests/nn/feed_forward_test.cpp.
#pragma once

#include "heed/dsl/nn/activation.h"
#include "heed/dsl/nn/linear.h"

namespace heed::nn {

/// down(act(up(x))) (Vaswani et al., arXiv:1706.03762, equation 2, with ReLU).
template <class Model, class Hidden, class Activation = Gelu>
struct FeedForward {
  Linear<Model, Hidden> up;
  Linear<Hidden, Model> down;

  template <lang::Operand X>
  constexpr auto operator()(const X& x, tape::Place place = lang::caller()) const {
    lang::Inside here(up.weight, place, 1);
    return down(Activation{}(up(x)));
  }
};

/// down(act(gate(x)) * up(x)), without biases (Shazeer, arXiv:2002.05202, equation 6).
template <class Model, class Hidden, class Activation>
struct GatedFeedForward {
  LinearNoBias<Model, Hidden> gate, up;
  LinearNoBias<Hidden, Model> down;

  template <lang::Operand X>
  constexpr auto operator()(const X& x, tape::Place place = lang::caller()) const {
    lang::Inside here(gate.weight, place, 1);
    return down(Activation{}(gate(x)) * up(x));
  }
};

/// The one of Llama and Mistral.
template <class Model, class Hidden>
using SwiGLU = GatedFeedForward<Model, Hidden, Silu>;

/// GeGLU<Model, Hidden, GeluTanh> is that of Gemma.
template <class Model, class Hidden, class Activation = Gelu>
using GeGLU = GatedFeedForward<Model, Hidden, Activation>;

}  // namespace heed::nn
