// Points of an index space in row-major order, the last dim fastest.
//
// Invariant: division once, then counting: a division costs as much as a vector of arithmetic.
#pragma once

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace heed::codegen {

/// The point at a flat position.
llvm::SmallVector<mlir::Value> coordinatesAt(mlir::ImplicitLocOpBuilder& b, mlir::Value position,
                                             llvm::ArrayRef<mlir::Value> extents);
/// The next one; the first dim runs on beyond its extent.
llvm::SmallVector<mlir::Value> coordinatesAfter(mlir::ImplicitLocOpBuilder& b, llvm::SmallVector<mlir::Value> point,
                                                llvm::ArrayRef<mlir::Value> extents);

}  // namespace heed::codegen
