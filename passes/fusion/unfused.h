// Says which elementwise ops behind a kernel are a kernel of their own, and which scores are stored, and why.
//
// Invariant: a remark names what the user could change. Test: tests/passes/fusion/unfused.mlir.
#pragma once

#include "mlir/IR/Operation.h"

namespace heed::fusion {

/// When all fusion is done.
void remarkUnfused(mlir::Operation* root);

}  // namespace heed::fusion
