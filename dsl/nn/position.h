// Positions that are added to the embeddings: sinusoidal and learned.
//
// Invariant: pe(x) is x plus one row per position along Seq, so `wte(ids) | pe` reads from left to right; positions are
// position<Seq>(), ready for a cache.
// Read tests/nn/position_test.cpp.
#pragma once

#include "heed/dsl/nn/angle.h"
#include "heed/dsl/nn/embedding.h"
#include "heed/dsl/nn/pairing.h"

namespace heed::nn {

/// PE(pos, 2i) = sin(pos / base^(2i/d)), PE(pos, 2i+1) = cos(pos / base^(2i/d)) (Vaswani et al.,
/// arXiv:1706.03762, 3.5). HalfSplit: all sines, then all cosines, as Marian has them.
template <class Seq, class Model, template <class> class Pairing = Interleaved>
struct Sinusoidal {
  double base = 10000;

  template <lang::AnyTensor X>
  constexpr auto operator()(const X& x, tape::Place place = lang::caller()) const {
    constexpr bool known = Model::extent > 0;
    static_assert(known, "heed: nn::Sinusoidal<Seq, Model>: Model needs a static extent");
    if constexpr (known) {
      lang::UserLine line(x.tape, place);
      using Pairs = Pairing<Model>;
      constexpr double d = double(Model::extent);
      auto j = lang::bind(x.tape, index<Model>());
      auto turns =
          lang::geometricTurns(Pairs::pair(j), int((d + 1) / 2), 1 / (2 * lang::pi), lang::power(base, -2 / d));
      // cos is sin a quarter of a turn ahead: 2^30.
      auto ahead = cast<i32>(!Pairs::isFirst(j)) * (1 << 30);
      auto turn = along<Model>(lang::bind(x.tape, position<Seq>())) * turns + ahead;
      return x + sin(lang::radians(turn));
    } else {
      return lang::Fault{};
    }
  }
};

/// One learned row per position, as GPT-2's wpe and BERT's position_embeddings. Rows: as many as sequences are long.
template <class Seq, class Rows, class Model>
struct LearnedPositions {
  Tensor<f32, Rows, Model> weight;

  template <lang::AnyTensor X>
  constexpr X operator()(const X& x, tape::Place place = lang::caller()) const {
    lang::Inside here(weight, place);
    return x + take<Rows>(weight, position<Seq>());
  }
};

}  // namespace heed::nn
