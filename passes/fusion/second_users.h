// What else was made of the scores of a fused softmax: logsumexp becomes the kernel's lse; weights that somebody reads
// stay a softmax of their own beside it, with a remark.
//
// Invariant: a kernel never waits for stored weights. Test: tests/passes/fusion/second_users.mlir.
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
