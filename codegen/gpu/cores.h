// Words for tensor cores: fragments of tiles in shared memory by ldmatrix, products by mma.sync.
//
// Layouts of fragments: PTX ISA, "Matrix fragments for mma.m16n8k16 with floating point type" and "ldmatrix".
// Test: tests/codegen/gpu/.
#pragma once

#include "heed/codegen/gpu/staging.h"

namespace heed::codegen::gpu {

class Cores : public Staging {
 public:
  static constexpr int64_t step = 16;  // of the dim that a product sums over

  /// For the code of one thread of a block of `threads`; `narrow` is bf16 or f16.
  Cores(Builder& b, const Thread& thread, int64_t threads, mlir::Type narrow);

  /// Four matrices of 8 x 8 numbers: this lane gives row and column of a row of one, lane l of matrix l / 8.
  Values load(const Staged& from, mlir::Value row, mlir::Value column, bool transposed, mlir::Value at = {});
  /// The left operand: 16 rows of the product from `row` on, 16 deep from `depth` on. The depth lies along the staged
  /// rows or, `upright`, across them.
  Values left(const Staged& from, mlir::Value row, mlir::Value depth, bool upright, mlir::Value at = {});
  /// Two right operands, four registers: 16 columns of the product from `column` on, in the same way.
  Values right(const Staged& from, mlir::Value column, mlir::Value depth, bool upright, mlir::Value at = {});

  /// sums + a b, of 16 x 16 and 16 x 8 numbers.
  Values multiply(mlir::ValueRange a, mlir::ValueRange b, mlir::ValueRange sums);
  /// Two numbers, rounded, in one register.
  mlir::Value packed(mlir::Value low, mlir::Value high);

 private:
  mlir::Value lane;
};

}  // namespace heed::codegen::gpu
