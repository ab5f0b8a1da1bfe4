// Loops for everything that is not attention. Tests: tests/codegen/loops/.
#ifndef HEED_CODEGEN_CPU_LOOPS_PASSES_TD
#define HEED_CODEGEN_CPU_LOOPS_PASSES_TD

include "mlir/Pass/PassBase.td"

class LoopPass<string name, string on = ""> : Pass<name, on> {
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect", "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::LLVM::LLVMDialect", "::heed::tile::TileDialect"];
  let options = [Option<"features", "features", "std::string", "\"\"",
                        "amx, avx512bf16, avx512, avx2 or baseline, then +int8 or +int4, then +tiles= and digits; empty: what this machine has">];
}

def LowerGeneric : LoopPass<"tile-lower-generic"> {
  let summary = "linalg ops on buffers to parallel, vectorised loops";
  let description = [{
    The lanes lie along a dimension that is contiguous in the results, or, for a sum along rows, along the contiguous
    reduced dimension: then each lane keeps a partial result and they are combined pairwise at the end. Nothing is
    read or written out of bounds; the order of a reduction depends on its extents alone.
  }];
}

def LowerContract : LoopPass<"tile-lower-contract", "::mlir::ModuleOp"> {
  let summary = "tile.contract to packed panels and a register tile";
  let description = [{
    Every element of the result is summed over the depth in one order, first to last, wherever its tile lies; so it does
    not depend on blocking, on tails or on threads. An argument marked `tile.constant` whose panels are read is packed
    once, by a function of its own, and comes as another argument.
  }];
}
#endif
