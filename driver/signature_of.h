// What a graph takes and gives, read from its function: argument attributes and axes.
//
// Invariant: inputs, then parameters, then states, then results, in the order of the compiled function's arguments.
#pragma once

#include "heed/runtime/signature.h"
#include "mlir/IR/BuiltinOps.h"

namespace heed {

/// Of a module at stage `graph`.
Signature signatureOf(mlir::ModuleOp module);

}  // namespace heed
