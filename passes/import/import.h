// From the tape of the language to a module of heed ops.
//
// Invariant: no op is known here by name; an op is its word, and the op itself verifies its operands.
// Test: tests/passes/import/import_test.cpp.
#pragma once

#include "heed/dsl/tape.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

namespace heed {

/// One function, named after the graph: inputs, then parameters, each copy of a repeated one under its own name.
/// Arguments and results carry heed.name, parameters also heed.parameter. Null, after a diagnostic at the user's line,
/// where the tape is not a valid graph. `element` bf16 or f16: the model is narrowed to it, see narrow.h.
mlir::OwningOpRef<mlir::ModuleOp> importGraph(mlir::MLIRContext& context, const GraphView& graph,
                                              DType element = DType::f32);

}  // namespace heed
