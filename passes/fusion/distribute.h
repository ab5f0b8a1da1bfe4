// Differences and sums of softmaxes that are contracted together: (a - b) v = a v - b v, and of each product on the
// right attention can be formed. Ye et al., Differential Transformer (2024), eq. 1.
//
// Invariant: no contraction is made twice but for a softmax that would otherwise be stored in full. Test:
// tests/passes/fusion/distribute.mlir.
#pragma once

#include "heed/passes/ir/heed.h"

namespace heed::fusion {

void distributeContractions(mlir::Operation* root);

}  // namespace heed::fusion
