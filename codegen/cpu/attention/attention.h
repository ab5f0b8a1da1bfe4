// The attention emitter: tile-lower-attention.
//
// After it no tile.attention is left; tile.parallel is, for tile-outline-parallel.
// Test: tests/codegen/attention/attention_test.cpp.
#pragma once

#include "heed/codegen/cpu/target.h"
#include "heed/codegen/tile/tile.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace heed::codegen {

/// Replaces one kernel; an element type or region op without a lowering is an error at the op.
mlir::LogicalResult lowerAttention(tile::AttentionOp op, const Target& target, const AttentionTile& tile);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "heed/codegen/cpu/attention/attention.h.inc"

}  // namespace heed::codegen
