// attend<Key>(scores, values, ...): what is the same in every attention once its scores are there.
//
// Invariant: scores have Key and values have it; the result does not. Nothing here stores scores x keys: all of it ends
// up in one kernel, except for weights that somebody asks for.
// Read tests/nn/attention_test.cpp.
#pragma once

#include "heed/dsl/words/contract.h"
#include "heed/dsl/words/formulas.h"
#include "heed/dsl/words/rename.h"
#include "heed/dsl/words/softmax.h"

namespace heed {
namespace lang {

/// Whether memory holds keys: it has the axis Key, or the one that Key is like. It says so if not.
template <class Key, class M>
constexpr bool holdsKeys() {
  constexpr bool holds = has<Key, AxesOf<M>> || has<OriginOf<Key>, AxesOf<M>>;
  static_assert(holds, "heed: attention over a memory: it has neither the axis Key nor the one that Key is like");
  return holds;
}

/// memory along Key.
template <class Key, class M>
constexpr auto asKeys(const M& memory) {
  if constexpr (has<Key, AxesOf<M>>)
    return memory;
  else
    return rename<OriginOf<Key>, Key>(memory);
}

/// Stands for a mask or a sink that is not there.
struct Nothing {};

template <class M>
concept MaskOrNothing = Operand<M> || std::is_same_v<M, Nothing>;

template <class S, class M>
constexpr auto masked(const S& scores, const M& mask) {
  if constexpr (std::is_same_v<M, Nothing>)
    return scores;
  else
    return where(mask, scores, -inf);
}

}  // namespace lang

namespace nn {

/// A module that changes nothing: where a layer could have one and has none.
struct None {
  template <class X>
  constexpr X operator()(const X& x, const auto&...) const {
    return x;
  }
};

/// sum_j softmax_j(scores) v_j
template <class Key, lang::AnyOperand S, lang::AnyOperand V>
constexpr auto attend(const S& scores, const V& values, tape::Place place = lang::caller()) {
  return contract<Key>(softmax<Key>(scores, place), values, place);
}

/// The same with a sink: a key without a value, whose score is `sink`. It joins the normaliser and nothing else,
///   e^s_j / (sum_i e^s_i + e^sink) = softmax_j(s) sigmoid(lse(s) - sink),
/// so that a query may attend to nothing (Xiao et al., StreamingLLM, arXiv:2309.17453, equation 2; gpt-oss,
/// arXiv:2508.10925, one learned sink per head).
template <class Key, lang::AnyTensor S, lang::AnyTensor V, lang::AnyTensor Sink>
constexpr auto attend(const S& scores, const V& values, const Sink& sink, tape::Place place = lang::caller()) {
  lang::UserLine line(scores.tape, place);
  return attend<Key>(scores, values) * sigmoid(logsumexp<Key>(scores) - sink);
}

/// What attention gives when its weights are wanted as well; the weights are stored in full.
template <class C, class W>
struct WithWeights {
  C context;
  W weights;
};

template <class Key, lang::AnyTensor S, lang::AnyTensor V>
constexpr auto attendWithWeights(const S& scores, const V& values, tape::Place place = lang::caller()) {
  auto weights = softmax<Key>(scores, place);
  auto context = contract<Key>(weights, values, place);
  return WithWeights<decltype(context), decltype(weights)>{context, weights};
}

}  // namespace nn
}  // namespace heed
