// Who says how long an axis is: an argument of the function, or the split or merge that makes the axis.
//
// Invariant: each symbol is said once, before it is used. Test: tests/passes/import/parse_graph_test.cpp.
#pragma once

#include "heed/passes/ir/axes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace heed::ir {

/// The axes of a split's or merge's result whose extents it computes; none where it is known already, as that of a part
/// beside parts of 1, and none of another op.
Axes definedBy(mlir::Operation* op);

/// Fails, at the op, where nobody says an extent or where it is said again. The function is verified.
llvm::LogicalResult checkExtents(mlir::func::FuncOp function);

}  // namespace heed::ir
