// Words for tensor cores: fragments of tiles in shared memory by ldmatrix, products by mma.sync.
//
// Of bf16, f16, and of f32 in tf32: then each number is rounded to nearest when it comes to a register. A row of eight
// halves that ldmatrix takes is one of four f32, which lie in lanes as a product of tf32 wants them. It transposes
// halves only: what stands upright is read number by number.
//
// Layouts of fragments: PTX ISA, "Matrix fragments for mma.m16n8k16 with floating point type", "mma.m16n8k8" (of tf32)
// and "ldmatrix".
// Test: tests/codegen/gpu/.
#pragma once

#include "heed/codegen/gpu/staging.h"

namespace heed::codegen::gpu {

class Cores : public Staging {
 public:
  static constexpr int64_t step = 16;  // of the dim that a product of bf16 or f16 sums over
  static int64_t stepOf(mlir::Type element) { return element.isF32() ? step / 2 : step; }

  /// For the code of one thread of a block of `threads`; `element` is bf16, f16, or f32, to be multiplied in tf32.
  Cores(Builder& b, const Thread& thread, int64_t threads, mlir::Type element);

  /// The left operand: 16 rows of the product from `row` on, a step deep from `depth` on. The depth lies along the
  /// staged rows or, `upright`, across them.
  Values left(const Staged& from, mlir::Value row, mlir::Value depth, bool upright, mlir::Value at = {});
  /// Two right operands, four registers: 16 columns of the product from `column` on, in the same way.
  Values right(const Staged& from, mlir::Value column, mlir::Value depth, bool upright, mlir::Value at = {});

  /// sums + a b, of 16 x step and step x 8 numbers.
  Values multiply(mlir::ValueRange a, mlir::ValueRange b, mlir::ValueRange sums);

  /// Sums of tiles beside each other, a step of columns, rounded: as the left operand of a product along them, and the
  /// two right ones for it, of staged rows from `depth` on. Both have the depth in an order of their own.
  Values leftOfSums(mlir::ValueRange sums);
  Values rightOfSums(const Staged& from, mlir::Value column, mlir::Value depth, mlir::Value at = {});
  /// Two numbers, rounded, in one register.
  mlir::Value packed(mlir::Value low, mlir::Value high);

 private:
  struct Spot {
    mlir::Value row, column;
  };
  Spot bySixteen(int64_t apart);
  Spot byEight(int64_t apart);
  mlir::Value pointerTo(const Staged& from, mlir::Value row, mlir::Value column, Spot ofLane, mlir::Value at);
  Values load(mlir::Value from, bool transposed);
  struct Apart {
    int64_t rows, columns;
  };
  Values single(const Staged& staged, mlir::Value from, llvm::ArrayRef<Apart> numbers);
  mlir::Value inTf32(mlir::Value x);

  mlir::Value lane, group, quad;  // lane / 4, lane % 4
};

}  // namespace heed::codegen::gpu
