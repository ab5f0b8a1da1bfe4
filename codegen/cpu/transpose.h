// Transposes a square of vectors by shuffles between pairs: lanes vectors of lanes elements, lanes a power of two.
//
// Test: tests/codegen/attention/attention_test.cpp (every operand passes through it).
#pragma once

#include "mlir/IR/Builders.h"

namespace heed::codegen {

llvm::SmallVector<mlir::Value> transpose(mlir::OpBuilder& b, mlir::Location loc, llvm::ArrayRef<mlir::Value> rows);

}  // namespace heed::codegen
