// From the tiled stage to kernels of the device, as passes. Test: tests/codegen/gpu/.
#ifndef HEED_CODEGEN_GPU_PASSES_TD
#define HEED_CODEGEN_GPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def LaunchKernels : Pass<"tile-launch-kernels", "::mlir::func::FuncOp"> {
  let summary = "tile and linalg ops to tile.launch";
  let description = [{
    After it all memory of arguments and of the arena is touched by kernels only: a load left on the host is an error.
  }];
  let options = [Option<"chip", "chip", "std::string", "\"sm_80\"", "what to compile for: sm_80, sm_90a, sm_80+tf32, ...">,
                 Option<"multiprocessors", "multiprocessors", "int", "0", "that it has; 0: as many as usual">];
  let dependentDialects = ["::heed::tile::TileDialect", "::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
}

def LowerAsync : Pass<"tile-lower-async", "::mlir::LLVM::LLVMFuncOp"> {
  let summary = "asynchronous tile ops of a kernel to instructions";
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect"];
}

def OutlineLaunches : Pass<"tile-outline-launches", "::mlir::ModuleOp"> {
  let summary = "turn tile.launch into a function of the device and a call of heed_launch";
  let description = [{
    Runs after tile-add-session: the session is argument 0 of the enclosing function. The functions stand in a module
    @device within the module; each takes one struct by value, with what its region uses from above. Constants are
    cloned into it. Kernels that differ in their operands only are one function.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect", "::mlir::func::FuncDialect",
                           "::mlir::memref::MemRefDialect"];
}
#endif
