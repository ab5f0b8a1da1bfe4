// The scores of the field: how much a query has to do with a key. And ScoredAttention, which is attention by any of
// them.
//
// Invariant: score(q, k) has the axes of q and k without those it sums over; q lacks Key, k has it.
// Read tests/nn/attention_test.cpp.
#pragma once

#include "heed/dsl/nn/attend.h"
#include "heed/dsl/nn/linear.h"
#include "heed/dsl/words/reduce.h"
#include "heed/dsl/words/shape.h"

namespace heed::nn {

/// q . k / sqrt(d) (Vaswani et al., arXiv:1706.03762, equation 1).
template <class Depth>
struct ScaledDot {
  template <lang::AnyTensor Q, lang::AnyTensor K>
  constexpr auto operator()(const Q& q, const K& k, tape::Place place = lang::caller()) const {
    lang::UserLine line(q.tape, place);
    return contract<Depth>(q, k) * rsqrt(Depth::size);
  }
};

/// q . k (Luong et al., arXiv:1508.04025, equation 8, dot).
template <class Depth>
struct Dot {
  template <lang::AnyTensor Q, lang::AnyTensor K>
  constexpr auto operator()(const Q& q, const K& k, tape::Place place = lang::caller()) const {
    lang::UserLine line(q.tape, place);
    return contract<Depth>(q, k);
  }
};

/// q W k (ibid., general).
template <class Query, class Memory>
struct General {
  LinearNoBias<Query, Memory> weigh;

  template <lang::AnyTensor Q, lang::AnyTensor K>
  constexpr auto operator()(const Q& q, const K& k, tape::Place place = lang::caller()) const {
    lang::UserLine line(q.tape, place);
    return contract<Memory>(weigh(q), k);
  }
};

/// v . tanh(W q + U k) (Bahdanau et al., arXiv:1409.0473, appendix A.1.2).
template <class Key, class Query, class Memory, class Hidden>
struct Additive {
  LinearNoBias<Query, Hidden> query;
  Linear<Memory, Hidden> key;
  Tensor<f32, Hidden> v;

  template <lang::AnyTensor Q, lang::AnyTensor K>
  constexpr auto operator()(const Q& q, const K& k, tape::Place place = lang::caller()) const {
    lang::UserLine line(q.tape, place);
    return contract<Hidden>(tanh(along<Key>(query(q)) + key(k)), v);
  }
};

/// -|q - k|^2 / 2 width^2, so that attention is the Nadaraya-Watson estimate with a Gaussian kernel (Nadaraya 1964;
/// Zhang et al., Dive into Deep Learning, section 11.2).
template <class Key, class Depth>
struct Gaussian {
  double width = 1;

  template <lang::AnyTensor Q, lang::AnyTensor K>
  constexpr auto operator()(const Q& q, const K& k, tape::Place place = lang::caller()) const {
    lang::UserLine line(q.tape, place);
    auto distance = along<Key>(q) - k;
    return sum<Depth>(distance * distance) * (-0.5 / (width * width));
  }
};

/// attn(q, memory), attn(q, memory, mask): keys and values are both the memory, along Key or the axis that Key is like.
template <class Key, class Score>
struct ScoredAttention {
  Score score;

  template <lang::AnyTensor Q, lang::AnyTensor M, class Mask = lang::Nothing>
  constexpr auto operator()(const Q& q, const M& memory, const Mask& mask = {},
                            tape::Place place = lang::caller()) const {
    lang::UserLine line(q.tape, place);
    if constexpr (lang::holdsKeys<Key, M>()) {
      auto keys = lang::asKeys<Key>(memory);
      return attend<Key>(lang::masked(score(q, keys), mask), keys);
    } else {
      return lang::Fault{};
    }
  }

  /// The same, with the weights as a second result.
  template <lang::AnyTensor Q, lang::AnyTensor M, class Mask = lang::Nothing>
  constexpr auto withWeights(const Q& q, const M& memory, const Mask& mask = {},
                             tape::Place place = lang::caller()) const {
    lang::UserLine line(q.tape, place);
    if constexpr (lang::holdsKeys<Key, M>()) {
      auto keys = lang::asKeys<Key>(memory);
      return attendWithWeights<Key>(lang::masked(score(q, keys), mask), keys);
    } else {
      return lang::Fault{};
    }
  }
};

}  // namespace heed::nn
