// Words for tensor cores: tiles in shared memory by cp.async, fragments of them by ldmatrix, products by mma.sync.
//
// Layouts of fragments: PTX ISA, "Matrix fragments for mma.m16n8k16 with floating point type" and "ldmatrix".
// Test: tests/codegen/gpu/.
#pragma once

#include "heed/codegen/cpu/space.h"
#include "heed/codegen/gpu/thread.h"

namespace heed::codegen::gpu {

/// Shared memory as rows of numbers of 16 bits, some more than there are columns: eight rows lie in different banks.
struct Staged {
  int64_t begin = 0, rows = 0, columns = 0;  // where, in bytes; columns are a multiple of 16
  int64_t pitch() const { return 2 * (columns + 8); }
  int64_t bytes() const { return rows * pitch(); }
};

class Cores {
 public:
  static constexpr int64_t step = 16;  // of the dim that a product sums over

  /// For the code of one thread of a block of `threads`; `narrow` is bf16 or f16.
  Cores(Builder& b, const Thread& thread, int64_t threads, mlir::Type narrow);

  /// What is staged: `view` with rows that begin where `line` says, its columns contiguous from `first` on, `end` of
  /// them.
  struct Source {
    const View& view;
    llvm::function_ref<mlir::Value(mlir::Value row)> line;  // of rows that there are
    llvm::ArrayRef<mlir::Value> strides;                    // distances between rows, of all dims that tell them
    mlir::Value first, end;
    mlir::Value rows = {};  // how many there are; null: as many as are staged
  };
  /// Brings it to shared memory, by all threads of the block, `at` bytes after its place; what is not there is 0.
  /// What is copied in pieces of 16 bytes is under way when this returns, and is to be committed and waited for.
  void stage(const Staged& to, const Source& from, mlir::Value at = {});

  /// Four matrices of 8 x 8 numbers: this lane gives row and column of a row of one, lane l of matrix l / 8.
  Values load(const Staged& from, mlir::Value row, mlir::Value column, bool transposed, mlir::Value at = {});
  /// The left operand: 16 rows from `row` on, and 16 columns.
  Values left(const Staged& from, mlir::Value row, mlir::Value column, mlir::Value at = {});
  /// Two right operands, four registers: 16 columns of the product from `column` on, 16 deep from `depth` on. They lie
  /// as columns of the staged rows or, `upright`, as rows.
  Values right(const Staged& from, mlir::Value column, mlir::Value depth, bool upright, mlir::Value at = {});

  /// sums + a b, of 16 x 16 and 16 x 8 numbers.
  Values multiply(mlir::ValueRange a, mlir::ValueRange b, mlir::ValueRange sums);
  /// Two numbers, rounded, in one register.
  mlir::Value packed(mlir::Value low, mlir::Value high);

  /// Where shared memory begins, as an address.
  mlir::Value base() const { return start; }

  static void commit(Builder& b);
  /// Until all but the last `left` commits are there, for this thread; syncBlock() after it makes it so for all.
  static void wait(Builder& b, int left);

 private:
  mlir::Value pointer(unsigned space, mlir::Value address);
  mlir::Value number(int64_t x);

  Builder& b;
  mlir::Type narrow;
  int64_t threads;
  mlir::Value thread, start, lane;
};

}  // namespace heed::codegen::gpu
