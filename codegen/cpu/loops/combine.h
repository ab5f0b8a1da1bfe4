// Reductions by an associative op: its neutral element, and a fixed tree over the lanes.
#pragma once

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace heed::codegen {

/// The op that combines `accumulator` (used by it alone) with something else into `result`, if it is associative and
/// has a neutral element; else null.
mlir::Operation* combinerOf(mlir::BlockArgument accumulator, mlir::Value result);
/// A vector of neutral elements.
mlir::Value neutralLanes(mlir::ImplicitLocOpBuilder& b, mlir::Operation* combiner, int lanes);
mlir::Value combine(mlir::ImplicitLocOpBuilder& b, mlir::Operation* combiner, mlir::Value x, mlir::Value y);
/// Lower half with upper half, until one is left.
mlir::Value combineLanes(mlir::ImplicitLocOpBuilder& b, mlir::Operation* combiner, mlir::Value lanes);

}  // namespace heed::codegen
