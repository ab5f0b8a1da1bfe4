// What a scope is called, and where in the source and in the model a node is.
//
// Invariant: a path with counts names one copy when given a number for each, outermost first; else it reads {i}.
// Test: tests/passes/import/import_test.cpp.
#pragma once

#include <string>

#include "heed/dsl/tape.h"
#include "llvm/ADT/ArrayRef.h"
#include "mlir/IR/Location.h"

namespace heed {

/// "layers.{i}.attn.q", or with copies "layers.3.attn.q".
std::string modulePath(const GraphView& graph, std::uint32_t scope, llvm::ArrayRef<std::int32_t> copies = {});
/// The scopes above and including `scope` that stand for copies, outermost first.
llvm::SmallVector<std::uint32_t> countedScopes(const GraphView& graph, std::uint32_t scope);
/// The user's line, under the name of the module.
mlir::Location locationOf(mlir::MLIRContext& context, const GraphView& graph, const tape::Node& node);

}  // namespace heed
