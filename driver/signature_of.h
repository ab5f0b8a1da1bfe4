// What a graph takes and gives, read from its function: argument attributes and axes.
//
// Invariant: inputs, then parameters, then states, then results, in the order of the compiled function's arguments.
#pragma once

#include "heed/runtime/rounded.h"
#include "heed/runtime/signature.h"
#include "mlir/IR/BuiltinOps.h"

namespace heed {

/// Of a module at stage `graph`.
Signature signatureOf(mlir::ModuleOp module);

/// The parameters that a module at stage `lowered`, with so many inputs before them, has in few bits.
std::vector<RoundedWeight> roundedWeights(mlir::ModuleOp lowered, int inputs);

}  // namespace heed
