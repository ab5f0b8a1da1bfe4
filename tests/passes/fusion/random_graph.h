// Random attention graphs: any axes, masks, modifiers, phrasing. Test: meaning_test.cpp.
#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace heed::test {

/// One function whose result is softmax contracted over its axis. The same seed gives the same graph.
mlir::OwningOpRef<mlir::ModuleOp> randomAttention(mlir::MLIRContext& context, unsigned seed);

}  // namespace heed::test
