// MixtureOfExperts: several gated feed-forward networks, of which a router chooses K for each token.
//
// All experts are computed and those not chosen are weighted with 0: the right result at Experts / K times the work.
// Invariant: an expert's rank is the number of those with a greater logit, or an equal one and a smaller index.
// Read tests/nn/mixture_of_experts_test.cpp.
#pragma once

#include "heed/dsl/nn/activation.h"
#include "heed/dsl/nn/linear.h"
#include "heed/dsl/words/index.h"
#include "heed/dsl/words/reduce.h"
#include "heed/dsl/words/softmax.h"

namespace heed::nn {

/// The sum over experts of softmax(KeepTopK(router(x)))_e expert_e(x) (Shazeer et al., arXiv:1701.06538, equations 1, 3
/// and 5, without noise; with SwiGLU experts as in Mixtral, arXiv:2401.04088, section 2.1). The weights are those of
/// one expert after another.
template <class Model, class Hidden, class Experts, int K, class Activation = Silu>
struct MixtureOfExperts {
  struct Rival : like<Experts, "rival"> {};
  LinearNoBias<Model, Experts> router;
  Tensor<f32, Experts, Hidden, Model> gate, up;
  Tensor<f32, Experts, Model, Hidden> down;

  template <lang::AnyTensor X>
  constexpr auto operator()(const X& x, tape::Place place = lang::caller()) const {
    constexpr bool chooses = K > 0 && (Experts::extent < 0 || K <= Experts::extent);
    static_assert(chooses, "heed: nn::MixtureOfExperts: K is at least 1 and at most the number of experts");
    if constexpr (chooses) {
      lang::Inside here(gate, place);
      auto logits = router(x);
      auto rivals = rename<Experts, Rival>(logits);
      auto ahead = rivals > logits || (rivals == logits && index<Rival>() < index<Experts>());
      auto rank = sum<Rival>(cast<f32>(ahead));
      // Not the word softmax: experts are no keys, and what softmax weights becomes an attention kernel.
      auto chosen = where(rank < K, logits, -inf);
      auto share = exp(chosen - logsumexp<Experts>(chosen));
      auto inner = Activation{}(contract<Model>(x, gate)) * contract<Model>(x, up);
      return contract<Experts, Hidden>(inner * share, down);
    } else {
      return lang::Fault{};
    }
  }
};

}  // namespace heed::nn
