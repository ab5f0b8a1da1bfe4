// Says which exponentials weigh values like a softmax, and are none.
//
// Invariant: a remark names what stood in the way and what to write instead. Test:
// tests/passes/fusion/exponentials.mlir.
#pragma once

#include "mlir/IR/Operation.h"

namespace heed::fusion {

/// When attention is formed. A contraction whose weights are exponentials gets a remark where something takes their sum
/// along its axis, or their logsumexp off the exponent; where nothing does, if they have rows and what they weigh is no
/// parameter. What sums over an axis of the weights beside the key (nn::MixtureOfExperts) is no attention.
void remarkExponentials(mlir::Operation* root);

}  // namespace heed::fusion
