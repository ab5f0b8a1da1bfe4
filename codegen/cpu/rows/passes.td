// Rows: reductions and what is made from them. Test: tests/codegen/rows/rows_test.cpp.
#ifndef HEED_CODEGEN_CPU_ROWS_PASSES_TD
#define HEED_CODEGEN_CPU_ROWS_PASSES_TD

include "mlir/Pass/PassBase.td"

def LowerRows : Pass<"tile-lower-rows"> {
  let summary = "tile.rows to one loop along the row for each phase";
  let description = [{
    The lanes lie along the row, or, where rows lie side by side in memory, across them. The order of a reduction depends
    on the length of the row and on which of the two it is.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect", "::heed::tile::TileDialect"];
  let options = [Option<"features", "features", "std::string", "\"\"",
                        "amx, avx512bf16, avx512, avx2 or baseline; empty: what this machine has">];
}
#endif
