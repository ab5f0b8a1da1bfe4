// What fusion did and could not do, said at the user's line.
//
// Invariant: "fused: ...", "not fused: ..." or "read as ...", one sentence, in the user's words. Test:
// tests/passes/fusion/remarks.mlir.
#pragma once

#include "mlir/IR/Operation.h"

namespace heed::fusion {

/// "model.cpp:42", or "" for a place without a file.
std::string placeOf(mlir::Location loc);
/// "`softmax` at model.cpp:42".
std::string describe(mlir::Operation* op);

}  // namespace heed::fusion
