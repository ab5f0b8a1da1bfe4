// The layers of a decoder with memory: self-attention, attention over the memory, then a feed-forward network. And the
// encoder-decoder, which is a stack of each.
//
// Invariant: layer(x, memory, mask, memoryMask) has the axes of x; mask says what x sees of itself, memoryMask what it
// sees of the memory; memoryMask, or both, may be left out.
// Read tests/nn/decoder_test.cpp.
#pragma once

#include "heed/dsl/nn/encoder.h"

namespace heed::nn {

/// Pre-norm: x + attn(ln_1(x)), x + cross_attn(ln_cross(x), memory), x + mlp(ln_2(x)).
template <class Norm, class Attention, class CrossAttention, class Mlp>
struct DecoderLayer {
  Norm ln_1{};
  Attention attn{};
  Norm ln_cross{};
  CrossAttention cross_attn{};
  Norm ln_2{};
  Mlp mlp{};

  template <lang::AnyTensor X, lang::AnyTensor M>
  constexpr X operator()(const X& x, const M& memory, tape::Place place = lang::caller()) const {
    lang::UserLine line(x.tape, place);
    return rest(x + attn(ln_1(x)), memory);
  }
  template <lang::AnyTensor X, lang::AnyTensor M, lang::Shaped A>
  constexpr X operator()(const X& x, const M& memory, const A& mask, tape::Place place = lang::caller()) const {
    lang::UserLine line(x.tape, place);
    return rest(x + attn(ln_1(x), mask), memory);
  }
  template <lang::AnyTensor X, lang::AnyTensor M, lang::Shaped A, lang::Shaped B>
  constexpr X operator()(const X& x, const M& memory, const A& mask, const B& memoryMask,
                         tape::Place place = lang::caller()) const {
    lang::UserLine line(x.tape, place);
    return rest(x + attn(ln_1(x), mask), memory, memoryMask);
  }

 private:
  template <class X, class M, class... Mask>
  constexpr auto rest(const X& x, const M& memory, const Mask&... mask) const {
    X y = x + cross_attn(ln_cross(x), memory, mask...);
    return y + mlp(ln_2(y));
  }
};

/// Post-norm: ln_1(x + attn(x)), ln_cross(x + cross_attn(x, memory)), ln_2(x + mlp(x)) (Vaswani et al., 3.1).
template <class Norm, class Attention, class CrossAttention, class Mlp>
struct PostNormDecoderLayer {
  Attention attn{};
  Norm ln_1{};
  CrossAttention cross_attn{};
  Norm ln_cross{};
  Mlp mlp{};
  Norm ln_2{};

  template <lang::AnyTensor X, lang::AnyTensor M>
  constexpr X operator()(const X& x, const M& memory, tape::Place place = lang::caller()) const {
    lang::UserLine line(x.tape, place);
    return rest(ln_1(x + attn(x)), memory);
  }
  template <lang::AnyTensor X, lang::AnyTensor M, lang::Shaped A>
  constexpr X operator()(const X& x, const M& memory, const A& mask, tape::Place place = lang::caller()) const {
    lang::UserLine line(x.tape, place);
    return rest(ln_1(x + attn(x, mask)), memory);
  }
  template <lang::AnyTensor X, lang::AnyTensor M, lang::Shaped A, lang::Shaped B>
  constexpr X operator()(const X& x, const M& memory, const A& mask, const B& memoryMask,
                         tape::Place place = lang::caller()) const {
    lang::UserLine line(x.tape, place);
    return rest(ln_1(x + attn(x, mask)), memory, memoryMask);
  }

 private:
  template <class X, class M, class... Mask>
  constexpr auto rest(const X& x, const M& memory, const Mask&... mask) const {
    X y = ln_cross(x + cross_attn(x, memory, mask...));
    return ln_2(y + mlp(y));
  }
};

/// decoder(target, encoder(source)). sourceMask: what the source sees of itself; mask: what the target sees of itself;
/// memoryMask: what the target sees of the source.
template <class Encoder, class Decoder>
struct EncoderDecoder {
  Encoder encoder{};
  Decoder decoder{};

  template <lang::AnyTensor S, lang::AnyTensor T>
  constexpr T operator()(const S& source, const T& target, tape::Place place = lang::caller()) const {
    return decoder(target, encoder(source, place), place);
  }
  template <lang::AnyTensor S, lang::AnyTensor T, lang::Shaped A>
  constexpr T operator()(const S& source, const T& target, const A& mask, tape::Place place = lang::caller()) const {
    return decoder(target, encoder(source, place), mask, place);
  }
  template <lang::AnyTensor S, lang::AnyTensor T, lang::Shaped C, lang::Shaped A, lang::Shaped B>
  constexpr T operator()(const S& source, const T& target, const C& sourceMask, const A& mask, const B& memoryMask,
                         tape::Place place = lang::caller()) const {
    return decoder(target, encoder(source, sourceMask, place), mask, memoryMask, place);
  }
};

}  // namespace heed::nn
