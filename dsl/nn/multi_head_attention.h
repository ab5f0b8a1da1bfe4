// MultiHeadAttention: projections, attention, output projection.
//
// Invariant: its parameters are q, k, v and out, [heads, depth, model] and [model, heads, depth]: PyTorch's matrices,
// reshaped.
// Read tests/nn/heads_test.cpp.
#pragma once

#include "heed/dsl/nn/attention.h"
#include "heed/dsl/nn/linear.h"
#include "heed/dsl/nn/remember.h"

namespace heed {
namespace lang {

/// What is wrong with the heads of a model.
template <class Model, class Heads, class Depth>
struct HeadsRules {
  static_assert(undivided<Depth> || Model::extent == Heads::extent * Depth::extent,
                "heed: nn::MultiHeadAttention<Model, Heads, Depth, Key>: heads times depth is not the model's extent");
  static constexpr bool told = true;
};

}  // namespace lang

namespace nn {

/// attn(x), attn(x, mask): self-attention; Key is like the sequence axis of x, or the memory of it.
/// attn(x, memory), attn(x, memory, mask): cross-attention; memory has the axis Key, or the one Key is like.
template <class Model, class Heads, class Depth, class Key>
struct MultiHeadAttention {
  static_assert(lang::HeadsRules<Model, Heads, Depth>::told);
  Linear<Model, axes<Heads, Depth>> q, k, v;
  Linear<axes<Heads, Depth>, Model> out;
  Remembered<Key, Heads, Depth> keys, values;

  template <lang::AnyTensor X>
  constexpr auto operator()(const X& x, tape::Place place = lang::caller()) const {
    return attend(x, x, nullptr, place);
  }
  template <lang::AnyTensor X, lang::Shaped M>
  constexpr auto operator()(const X& x, const M& maskOrMemory, tape::Place place = lang::caller()) const {
    if constexpr (std::is_same_v<lang::ElementOf<M>, i1>)
      return attend(x, x, maskOrMemory, place);
    else
      return attend(x, maskOrMemory, nullptr, place);
  }
  template <lang::AnyTensor X, lang::AnyTensor C, lang::Shaped M>
  requires lang::isMask<M>
  constexpr auto operator()(const X& x, const C& memory, const M& mask, tape::Place place = lang::caller()) const {
    return attend(x, memory, mask, place);
  }
  template <class... Given>
  constexpr auto operator()(const Given&...) const {
    static_assert(lang::anyFaulty<Given...>,
                  "heed: nn::MultiHeadAttention: attn(x), (x, mask) or (x, memory, mask); a mask: causal<Seq, Key>()");
    return lang::Fault{};
  }

 private:
  template <class X, class C, class M>
  constexpr auto attend(const X& x, const C& memory, const M& mask, tape::Place place) const {
    using From = lang::OriginOf<Key>;
    constexpr bool named = lang::has<Key, lang::AxesOf<C>>, like = lang::has<From, lang::AxesOf<C>>;
    static_assert(named || like, "heed: nn::MultiHeadAttention(x, memory): no axis is Key, nor the one Key is like");
    if constexpr (named || like) {
      lang::Inside here(q.weight, place, 1);
      return out(over(x, remember<Key>(keys, k(memory)), remember<Key>(values, v(memory)), mask));
    } else {
      return lang::Fault{};
    }
  }

  template <class X, class K, class V, class M>
  constexpr auto over(const X& x, const K& allKeys, const V& allValues, const M& mask) const {
    if constexpr (std::is_same_v<M, std::nullptr_t>)
      return attention<Depth, Key>(q(x), allKeys, allValues);
    else
      return attention<Depth, Key>(q(x), allKeys, allValues, NoScoreMod{}, mask);
  }
};

}  // namespace nn
}  // namespace heed
