// The two passes that connect compiled code to the runtime (runtime/abi.h).
#ifndef HEED_CODEGEN_CPU_BASE_TD
#define HEED_CODEGEN_CPU_BASE_TD

include "mlir/Pass/PassBase.td"

def TileAddSession : Pass<"tile-add-session", "::mlir::ModuleOp"> {
  let summary = "give every function the session, and take memory from it";
  let description = [{
    Every function with a body gets the session (!llvm.ptr) as its first argument, and every call passes it on. A
    `memref.alloc : memref<?xi8>` is the arena: it becomes a call of heed_arena, its dealloc vanishes. tile.shared
    becomes a call of heed_shared.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::func::FuncDialect", "::mlir::memref::MemRefDialect"];
}

def TileOutlineParallel : Pass<"tile-outline-parallel", "::mlir::ModuleOp"> {
  let summary = "turn tile.parallel into a task function and a call of heed_parallel";
  let description = [{
    Runs after tile-add-session: the session is argument 0 of the enclosing function. Values from above are stored in
    a struct on the caller's stack and loaded by the task; constants are cloned into it. Tasks that differ in their
    operands only are one function.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::func::FuncDialect", "::mlir::memref::MemRefDialect"];
}
#endif
