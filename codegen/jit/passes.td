// The last steps before LLVM, as passes. Test: tests/codegen/jit/jit_test.cpp.
#ifndef HEED_CODEGEN_JIT_PASSES_TD
#define HEED_CODEGEN_JIT_PASSES_TD

include "mlir/Pass/PassBase.td"

def EmitEntry : Pass<"tile-emit-entry", "::mlir::ModuleOp"> {
  let summary = "add heed_entry, which unpacks the arguments, and heed_pack";
  let description = [{
    Adds `heed_entry(session, arguments)` (abi::Entry), which loads the memref descriptors and calls the module's only
    public function. The first argument of that may be the session (`!llvm.ptr`); the others are memrefs, and lists of
    memrefs, each of which stands for as many arguments of the entry. Arguments marked `tile.packed` are packed forms of
    others: their place is that of the other one, counted from behind all that are not marked. Adds `heed_pack` (abi::Pack),
    which calls the functions that they are marked with.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::func::FuncDialect", "::mlir::scf::SCFDialect"];
}

def ToLlvm : Pass<"tile-to-llvm", "::mlir::ModuleOp"> {
  let summary = "everything to the LLVM dialect in one conversion";
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::cf::ControlFlowDialect"];
}
#endif
