// The attention emitter as a pass.
#ifndef HEED_CODEGEN_CPU_ATTENTION_TD
#define HEED_CODEGEN_CPU_ATTENTION_TD

include "mlir/Pass/PassBase.td"

def TileLowerAttention : Pass<"tile-lower-attention", "::mlir::func::FuncOp"> {
  let summary = "tile.attention to tile.parallel, scf, vector and memref";
  let description = [{
    S^T form: the lanes of a vector are query rows, keys and values are broadcast. One task is one block of rows of one
    outer point; scores stay in base 2. Any extents, strides and regions; nothing is read out of bounds.
    Few rows (half as many as there are lanes, with depths and columns that the types know) have a second form, chosen
    at run time: lanes are depths and columns, and one task is a part of the keys.
  }];
  let options = [
    Option<"features", "features", "std::string", "\"\"", "amx, avx512bf16, avx512, avx2 or baseline, then what may follow these; empty: what the host has">,
    Option<"vectors", "vectors", "int", "0", "override of the tile: lane vectors in a block of rows">,
    Option<"keys", "keys", "int", "0", "override of the tile: keys in a score tile">,
    Option<"values", "values", "int", "0", "override of the tile: value columns in an output tile">,
    Option<"block", "block", "int", "0", "override of the tile: keys between two passes">
  ];
  let dependentDialects = ["::heed::tile::TileDialect", "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}
#endif
