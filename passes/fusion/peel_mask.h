// Takes the -inf of a mask out of a score: `keep` says which keys are visible, the score goes on without them.
//
// Invariant: where keep is false the original score is -inf, for finite operands; where it is true the two scores are
// equal. Test: tests/passes/fusion/peel_mask.mlir.
#pragma once

#include "heed/passes/fusion/absorb.h"

namespace heed::fusion {

struct Peeled {
  mlir::Value score;
  mlir::Value keep;  // i1, or null: always true
};

/// Peels `where(m, s, -inf)`, `where(m, -inf, s)`, `s + where(m, 0, -inf)` and nests of them. An op above a mask is
/// looked through only if it keeps -inf: + and - with a finite number, * and / with a positive constant, min. Only an
/// exact -inf counts, and only predicates that do not depend on the score itself.
Peeled peelMask(Absorption& absorption, mlir::Value score);

}  // namespace heed::fusion
