// The layers of an encoder, and of a decoder without memory: self-attention, then a feed-forward network, each with a
// residual and a norm. And Stack, which is several of them.
//
// The norm is before each part (pre-norm, which trains without warm-up: Xiong et al., arXiv:2002.04745) or after each
// residual (post-norm: Vaswani et al., arXiv:1706.03762, 3.1).
// Invariant: layer(x), layer(x, mask) has the axes of x; parameters are ln_1, attn, ln_2, mlp, as in GPT-2.
// Read tests/nn/encoder_test.cpp.
#pragma once

#include "heed/dsl/nn/attend.h"
#include "heed/dsl/repeat.h"

namespace heed::nn {

/// x + attn(ln_1(x)), then x + mlp(ln_2(x)).
template <class Norm, class Attention, class Mlp>
struct EncoderLayer {
  Norm ln_1{};
  Attention attn{};
  Norm ln_2{};
  Mlp mlp{};

  template <lang::AnyTensor X>
  constexpr X operator()(const X& x, tape::Place place = lang::caller()) const {
    return run(place, x);
  }
  template <lang::AnyTensor X, lang::Shaped Mask>
  constexpr X operator()(const X& x, const Mask& mask, tape::Place place = lang::caller()) const {
    return run(place, x, mask);
  }

 private:
  template <class X, class... Mask>
  constexpr X run(tape::Place place, const X& x, const Mask&... mask) const {
    lang::UserLine line(x.tape, place);
    X y = x + attn(ln_1(x), mask...);
    return y + mlp(ln_2(y));
  }
};

/// ln_1(x + attn(x)), then ln_2(x + mlp(x)).
template <class Norm, class Attention, class Mlp>
struct PostNormEncoderLayer {
  Attention attn{};
  Norm ln_1{};
  Mlp mlp{};
  Norm ln_2{};

  template <lang::AnyTensor X>
  constexpr X operator()(const X& x, tape::Place place = lang::caller()) const {
    return run(place, x);
  }
  template <lang::AnyTensor X, lang::Shaped Mask>
  constexpr X operator()(const X& x, const Mask& mask, tape::Place place = lang::caller()) const {
    return run(place, x, mask);
  }

 private:
  template <class X, class... Mask>
  constexpr X run(tape::Place place, const X& x, const Mask&... mask) const {
    lang::UserLine line(x.tape, place);
    X y = ln_1(x + attn(x, mask...));
    return ln_2(y + mlp(y));
  }
};

/// Count layers with parameters of their own, then a norm: LayerNorm<Model> after pre-norm layers, None after others.
/// Called as its layers are: stack(x), stack(x, mask), stack(x, memory), stack(x, memory, mask, memoryMask).
template <std::int32_t Count, class Layer, class Norm = None>
struct Stack {
  Repeat<Count, Layer> layers{};
  Norm norm{};

  template <lang::AnyTensor X>
  constexpr X operator()(const X& x, tape::Place place = lang::caller()) const {
    return run(place, x);
  }
  template <lang::AnyTensor X, lang::Shaped A>
  constexpr X operator()(const X& x, const A& a, tape::Place place = lang::caller()) const {
    return run(place, x, a);
  }
  template <lang::AnyTensor X, lang::AnyTensor M, lang::Shaped A>
  constexpr X operator()(const X& x, const M& memory, const A& a, tape::Place place = lang::caller()) const {
    return run(place, x, memory, a);
  }
  template <lang::AnyTensor X, lang::AnyTensor M, lang::Shaped A, lang::Shaped B>
  constexpr X operator()(const X& x, const M& memory, const A& a, const B& b,
                         tape::Place place = lang::caller()) const {
    return run(place, x, memory, a, b);
  }

 private:
  template <class X, class... Others>
  constexpr X run(tape::Place place, const X& x, const Others&... others) const {
    lang::UserLine line(x.tape, place);  // Repeat calls its block without a place
    return norm(layers(x, others...));
  }
};

}  // namespace heed::nn
