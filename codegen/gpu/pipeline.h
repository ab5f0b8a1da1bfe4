// The way from the tiled stage to kernels on a GPU, and to the host code that launches them.
//
// Test: tests/codegen/gpu/ runs it by the SIMT interpreter.
#pragma once

#include "heed/codegen/gpu/device.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"

namespace heed::codegen {

/// `tiled` to `lowered`: ops become kernels in a module @device, and calls of heed_launch. The way on is
/// buildGpuLlvmPipeline, and then embedImage.
void buildGpuPipeline(mlir::OpPassManager& pm, const Device& device);

/// `lowered` to `llvm`, for host and kernels: in place of buildLlvmPipeline.
void buildGpuLlvmPipeline(mlir::OpPassManager& pm);

void registerGpuPasses();
/// What the device's code needs beyond registerCpuDialects.
void registerGpuDialects(mlir::DialectRegistry& registry);

}  // namespace heed::codegen
