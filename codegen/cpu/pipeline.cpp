// One line per step. Each leaves valid IR, so any of them can be looked at on its own.
#include "heed/codegen/cpu/pipeline.h"

#include "heed/codegen/cpu/attention/attention.h"
#include "heed/codegen/cpu/loops/passes.h"
#include "heed/codegen/cpu/math/passes.h"
#include "heed/codegen/cpu/outline.h"
#include "heed/codegen/cpu/rows/passes.h"
#include "heed/codegen/jit/passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Index/IR/IndexDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Transforms/Passes.h"

namespace heed::codegen {

using namespace mlir;

void buildCpuPipeline(OpPassManager& pm, const Target& target) {
  const std::string& features = target.name;
  pm.addNestedPass<func::FuncOp>(createTileLowerAttention({.features = features}));
  // What masks and modifiers make of the rows alone is made once, not for each key.
  pm.addNestedPass<func::FuncOp>(createLoopInvariantCodeMotionPass());
  pm.addPass(createLowerContract({features}));
  pm.addPass(createLowerRows({features}));
  pm.addPass(createLowerGeneric({features}));
  pm.addPass(createTileAddSession());
  pm.addPass(createTileOutlineParallel());
  pm.addPass(createExpandMath({target.fma, target.avx512}));
}

void buildLlvmPipeline(OpPassManager& pm) {
  pm.addPass(createEmitEntry());
  pm.addPass(createToLlvm());
}

void registerCpuPasses() {
  registerCpuBasePasses();
  registerCpuAttentionPasses();
  registerCpuLoopsPasses();
  registerCpuRowsPasses();
  registerCpuMathPasses();
  registerJitPasses();
}

void registerCpuDialects(DialectRegistry& registry) {
  registry.insert<affine::AffineDialect, arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
                  index::IndexDialect, linalg::LinalgDialect, LLVM::LLVMDialect, math::MathDialect,
                  memref::MemRefDialect, scf::SCFDialect, tile::TileDialect, ub::UBDialect, vector::VectorDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

}  // namespace heed::codegen
