// The way of a graph through the compiler, stage by stage. This is the file to read first.
//
// Invariant: a stage starts from what the one before it left; each has a stable name under which it is dumped.
// Test: tests/driver/pipeline.mlir.
#pragma once

#include "heed/codegen/cpu/target.h"
#include "mlir/Pass/PassManager.h"

namespace heed {

struct Stage {
  llvm::StringRef name;
  llvm::StringRef summary;
  void (*build)(mlir::OpPassManager&, const codegen::Target&);
};

/// The stages made of passes, in order: graph, heed, fused, tiled, lowered, llvm.
llvm::ArrayRef<Stage> stages();

/// Adds the passes of the stages from `first` to `last`, both included. Fails where they are no stages in that order.
mlir::LogicalResult buildPipeline(mlir::OpPassManager& passes, const codegen::Target& target, llvm::StringRef first,
                                  llvm::StringRef last);

/// Dialects, passes and --heed-pipeline, for heed-opt and for compile().
void registerDialects(mlir::DialectRegistry& registry);
void registerPasses();

}  // namespace heed
