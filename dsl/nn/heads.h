// One attention head, and several whose results are put side by side: the steps from the formula to multi-head
// attention.
//
// Invariant: parameters are q, k and v; self-attention over the axis that Key is like.
// Read tests/nn/heads_test.cpp.
#pragma once

#include "heed/dsl/nn/attend.h"
#include "heed/dsl/nn/linear.h"
#include "heed/dsl/words/shape.h"

namespace heed::nn {

/// head(x), head(x, mask): softmax(q k / sqrt(d)) v; x's Model becomes Depth.
template <class Model, class Depth, class Key>
struct SingleHeadAttention {
  LinearNoBias<Model, Depth> q, k, v;

  template <lang::AnyTensor X, lang::MaskOrNothing Mask = lang::Nothing>
  constexpr auto operator()(const X& x, const Mask& mask = {}, tape::Place place = lang::caller()) const {
    lang::Inside here(q.weight, place, 1);
    if constexpr (lang::holdsKeys<Key, X>()) {
      auto memory = lang::asKeys<Key>(x);
      auto scores = contract<Depth>(q(x), k(memory)) * rsqrt(Depth::size);
      return attend<Key>(lang::masked(scores, mask), v(memory));
    } else {
      return lang::Fault{};
    }
  }
  template <class... Given>
  constexpr auto operator()(const Given&...) const {
    static_assert(lang::anyFaulty<Given...>, "heed: nn::SingleHeadAttention: attn(x), or attn(x, mask)");
    return lang::Fault{};
  }
};

/// Heads of this sort side by side, the first one first, and no projection after them. Depth is a part of Model, or
/// Joined is an axis of Heads times Depth.
template <class Model, class Heads, class Depth, class Key, class Joined = Model>
struct ConcatenatedHeads {
  LinearNoBias<Model, axes<Heads, Depth>> q, k, v;

  template <lang::AnyTensor X, lang::MaskOrNothing Mask = lang::Nothing>
  constexpr auto operator()(const X& x, const Mask& mask = {}, tape::Place place = lang::caller()) const {
    lang::Inside here(q.weight, place, 1);
    if constexpr (lang::holdsKeys<Key, X>()) {
      auto memory = lang::asKeys<Key>(x);
      auto scores = contract<Depth>(q(x), k(memory)) * rsqrt(Depth::size);
      return merge<Heads, Depth, Joined>(attend<Key>(lang::masked(scores, mask), v(memory)));
    } else {
      return lang::Fault{};
    }
  }
  template <class... Given>
  constexpr auto operator()(const Given&...) const {
    static_assert(lang::anyFaulty<Given...>, "heed: nn::ConcatenatedHeads: attn(x), or attn(x, mask)");
    return lang::Fault{};
  }
};

}  // namespace heed::nn
