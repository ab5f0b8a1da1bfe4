// Grouped-query and multi-query attention, with what newer models add: rotary positions, q/k-norm, softcap, sinks.
//
// The queries of a group share a key head, so they have an axis that the keys lack; the formula is that of multi-head
// attention.
// Invariant: parameters are q, k, v, out, then those of the extras: q_norm, k_norm and sinks.
// Read tests/nn/heads_test.cpp.
#pragma once

#include "heed/dsl/nn/attend.h"
#include "heed/dsl/nn/linear.h"
#include "heed/dsl/nn/remember.h"
#include "heed/dsl/words/index.h"

namespace heed::nn {

/// QueryHeads and KeyHeads: axes<...>, the former has all of the latter. Rope: Rotary<Depth> or None. Norm, of queries
/// and keys: RMSNorm<Depth> or None. Sinks: Tensor<f32, QueryHeads...>, or None. Projection: Linear or LinearNoBias;
/// Output: the same for `out`.
template <class Model, class QueryHeads, class KeyHeads, class Depth, class Key, class Rope = None, class Norm = None,
          class Sinks = None, template <class, class> class Projection = LinearNoBias,
          template <class, class> class Output = Projection>
struct HeadsAttention {
  using QueryAxes = lang::unite<QueryHeads, axes<Depth>>;
  using KeyAxes = lang::unite<KeyHeads, axes<Depth>>;

  Projection<Model, QueryAxes> q{};
  Projection<Model, KeyAxes> k{}, v{};
  Output<QueryAxes, Model> out{};
  Norm q_norm{}, k_norm{};
  Sinks sinks{};
  Rope rope{};
  double scale = rsqrt(Depth::size);
  double cap = 0;  // 0: no softcap
  Remembered<Key, KeyHeads, Depth> keys{}, values{};

  /// attn(x), attn(x, mask): Key is like the sequence axis of x, or the memory of it.
  template <lang::AnyTensor X, lang::MaskOrNothing Mask = lang::Nothing>
  constexpr auto operator()(const X& x, const Mask& mask = {}, tape::Place place = lang::caller()) const {
    using Seq = lang::OriginOf<Key>;
    constexpr bool shared = lang::subset<KeyHeads, QueryHeads>;
    constexpr bool hasSeq = lang::has<Seq, lang::AxesOf<X>>;
    static_assert(shared, "heed: nn::HeadsAttention: the keys have heads that the queries do not have");
    static_assert(hasSeq, "heed: nn::HeadsAttention(x): x does not have the axis that Key is like");
    if constexpr (shared && hasSeq) {
      lang::Inside here(q.weight, place, 1);
      auto queries = rope(q_norm(q(x)), position<Seq>());
      auto allKeys = remember<Key>(keys, rope(k_norm(k(x)), position<Seq>()));  // turned once: one table for both
      auto allValues = remember<Key>(values, v(x));
      auto scores = contract<Depth>(queries, allKeys) * scale;
      if (cap > 0) scores = softcap(scores, cap);
      if constexpr (lang::AnyTensor<Sinks>)
        return out(attend<Key>(lang::masked(scores, mask), allValues, sinks));
      else
        return out(attend<Key>(lang::masked(scores, mask), allValues));
    } else {
      return lang::Fault{};
    }
  }
  template <class... Given>
  constexpr auto operator()(const Given&...) const {
    static_assert(lang::anyFaulty<Given...>, "heed: nn::HeadsAttention: attn(x), or attn(x, mask)");
    return lang::Fault{};
  }
};

/// Group queries to each of KeyHeads keys (Ainslie et al., arXiv:2305.13245). Query head n is (n / Group, n % Group).
template <class Model, class KeyHeads, class Group, class Depth, class Key, class Rope = None, class Norm = None,
          class Sinks = None, template <class, class> class Projection = LinearNoBias,
          template <class, class> class Output = Projection>
using GroupedQueryAttention =
    HeadsAttention<Model, axes<KeyHeads, Group>, axes<KeyHeads>, Depth, Key, Rope, Norm, Sinks, Projection, Output>;

/// All queries share one key head (Shazeer, arXiv:1911.02150).
template <class Model, class Heads, class Depth, class Key, class Rope = None, class Norm = None, class Sinks = None,
          template <class, class> class Projection = LinearNoBias>
using MultiQueryAttention = HeadsAttention<Model, axes<Heads>, axes<>, Depth, Key, Rope, Norm, Sinks, Projection>;

}  // namespace heed::nn
