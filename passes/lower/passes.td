// The passes from heed ops on tensors to tile ops on buffers.
#ifndef HEED_PASSES_LOWER_PASSES_TD
#define HEED_PASSES_LOWER_PASSES_TD

include "mlir/Pass/PassBase.td"

def UnrollRepeat : Pass<"heed-unroll-repeat", "::mlir::func::FuncOp"> {
  let summary = "each copy of a heed.repeat around another heed.repeat in its place";
  let dependentDialects = ["::heed::ir::HeedDialect"];
}

def LowerToTile : Pass<"heed-lower-to-tile", "::mlir::func::FuncOp"> {
  let summary = "tensors with axes become buffers, heed ops become tile and linalg ops";
  let description = [{
    Every op lowers itself (OpContract). The function then takes one memref for each input, parameter and result, in
    that order; the innermost stride of each is 1, results are allocated by the caller. Axis names are gone.
    Test: tests/passes/lower/lower_to_tile.mlir.
  }];
  let dependentDialects = ["::heed::tile::TileDialect", "::mlir::linalg::LinalgDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::scf::SCFDialect"];
}

def PlanMemory : Pass<"heed-plan-memory", "::mlir::func::FuncOp"> {
  let summary = "all buffers become views of one arena";
  let description = [{
    Buffers whose lives do not overlap share a slot. Sizes are computed from the extents at entry; the arena is the one
    `memref.alloc` that is left: %bytes of i8, aligned to 64. Test: tests/passes/lower/plan_memory.mlir.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect"];
}

#endif
