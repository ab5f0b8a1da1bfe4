#include "heed/codegen/gpu/pipeline.h"

#include "heed/codegen/cpu/math/passes.h"
#include "heed/codegen/cpu/outline.h"
#include "heed/codegen/cpu/pipeline.h"
#include "heed/codegen/gpu/passes.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Transforms/Passes.h"

namespace heed::codegen {

using namespace mlir;

void buildGpuPipeline(OpPassManager& pm, const Device& device) {
  pm.addNestedPass<func::FuncOp>(gpu::createLaunchKernels({device.name(), device.processors}));
  pm.addPass(createCSEPass());  // every element of a fragment asks for the same addresses again
  pm.addPass(createTileAddSession());
  pm.addPass(gpu::createOutlineLaunches());
  pm.addPass(createExpandMath({/*fma=*/true}));
}

void buildGpuLlvmPipeline(OpPassManager& pm) {
  pm.nest<ModuleOp>().addNestedPass<LLVM::LLVMFuncOp>(gpu::createLowerAsync());
  buildLlvmPipeline(pm);
}

void registerGpuPasses() { gpu::registerGpuPasses(); }

void registerGpuDialects(DialectRegistry& registry) {
  registry.insert<NVVM::NVVMDialect>();
  registerNVVMDialectTranslation(registry);
}

}  // namespace heed::codegen
