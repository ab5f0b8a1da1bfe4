// The kernels, one class for each kind of op; tile-launch-kernels calls them.
//
// Invariant: the arithmetic of a result does not depend on which block or thread computes it, nor on how many there
// are. Test: tests/codegen/gpu/ by the SIMT interpreter, against the f64 reference.
#pragma once

#include "heed/codegen/gpu/device.h"
#include "heed/codegen/tile/tile.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace heed::codegen::gpu {

// Each replaces its op; what has no lowering is an error at the op.
mlir::LogicalResult lowerGeneric(mlir::linalg::LinalgOp op);
mlir::LogicalResult lowerRows(tile::RowsOp op);
mlir::LogicalResult lowerContract(tile::ContractOp op, const Device& device);
mlir::LogicalResult lowerAttention(tile::AttentionOp op, const Device& device);

/// arith.remf to what the device has, exactly.
void expandRemainders(mlir::Operation* within);

/// A loop of the host that reads from memory, and all within, as one kernel: its iterations are blocks. What it reads
/// is the device's.
mlir::LogicalResult lowerReadingLoop(mlir::scf::ForOp loop);

}  // namespace heed::codegen::gpu
