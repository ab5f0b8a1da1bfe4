// The way from the tiled stage to the LLVM dialect on a CPU, as two pass pipelines.
//
// Test: tests/codegen/jit/ runs both, then the code.
#pragma once

#include "heed/codegen/cpu/target.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"

namespace heed::codegen {

/// `tiled` to `lowered`: kernels become loops over vectors, tasks become functions, math becomes arith.
void buildCpuPipeline(mlir::OpPassManager& pm, const Target& target);

/// `lowered` to `llvm`: the exported function gets its face (heed_entry), then one conversion.
void buildLlvmPipeline(mlir::OpPassManager& pm);

/// All passes of this part, for mlir-opt-like tools.
void registerCpuPasses();

/// What the two pipelines and jit() need in a context: dialects and translations, no more.
void registerCpuDialects(mlir::DialectRegistry& registry);

}  // namespace heed::codegen
