// What else was made of the scores of a fused softmax: logsumexp becomes the kernel's lse, and weights that somebody
// reads are exp(score - lse), computed beside it.
//
// Invariant: afterwards a softmax is left only where no kernel knows its lse. Test:
// tests/passes/fusion/second_users.mlir.
#pragma once

#include "heed/passes/fusion/assemble.h"

namespace heed::fusion {

/// Also removes what became dead, and each lse that nobody reads.
void serveSecondUsers(mlir::Operation* root, llvm::MutableArrayRef<Formed> all);

/// Removes ops that nobody reads.
void eraseDead(mlir::Operation* root);

/// "feeds no contraction over it": the second half of a remark.
std::string whyUnfused(ir::SoftmaxOp softmax);

}  // namespace heed::fusion
