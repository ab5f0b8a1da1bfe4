// The text of a module at stage `graph`, as dumps have it, read and checked.
//
// Invariant: what it gives can be lowered; each mistake of who wrote the text is a diagnostic at its place. Test:
// tests/passes/import/parse_graph_test.cpp.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace heed {

/// One public function of one block of heed ops on tensors, each extent of which an argument knows. `name` is what
/// diagnostics call the text. Null, with a diagnostic, for anything else.
mlir::OwningOpRef<mlir::ModuleOp> parseGraph(mlir::MLIRContext& context, llvm::StringRef text, llvm::StringRef name);

}  // namespace heed
