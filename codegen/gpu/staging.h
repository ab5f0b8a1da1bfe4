// Tiles in shared memory, which all threads of a block bring there together, by cp.async where memory lies for it.
//
// Test: tests/codegen/gpu/contract_test.cpp (ragged ends, rows that begin anywhere).
#pragma once

#include "heed/codegen/cpu/space.h"
#include "heed/codegen/gpu/thread.h"

namespace heed::codegen::gpu {

constexpr int64_t pieceBytes = 16;  // what is copied at once

/// Shared memory as rows of numbers, longer than their columns by a piece: eight rows lie in different banks.
struct Staged {
  int64_t begin = 0, rows = 0, columns = 0;  // where, in bytes; a row's columns fill whole pieces
  int64_t width = 2;                         // bytes of a number
  int64_t gap = pieceBytes;                  // bytes between rows, a multiple of a piece
  int64_t pitch() const { return width * columns + gap; }
  int64_t bytes() const { return rows * pitch() - gap; }
};

class Staging {
 public:
  static constexpr int64_t manyAtOnce = 8;
  /// For the code of one thread of a block of `threads`; `element` is what is staged, of 16 or 32 bits. Where pieces
  /// are not possible, a thread brings so many numbers at once: each takes registers for its address.
  Staging(Builder& b, const Thread& thread, int64_t threads, mlir::Type element, int64_t atOnce = manyAtOnce);

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
  /// What is copied by cp.async is under way when this returns, and is to be committed and waited for.
  void stage(const Staged& to, const Source& from, mlir::Value at = {});

  static void commit(Builder& b);
  /// Until all but the last `left` commits are there, for this thread; syncBlock() after it makes it so for all.
  static void wait(Builder& b, int left);

  /// Where a number of a row lies, `at` bytes after its place; and what is some bytes behind a pointer.
  mlir::Value addressOf(const Staged& staged, mlir::Value row, mlir::Value column, mlir::Value at = {});
  mlir::Value further(mlir::Value from, int64_t bytes);
  /// `count` floats that lie beside each other `bytes` behind `from`, at a multiple of their size, by one instruction.
  Values numbers(mlir::Value from, int64_t bytes, int64_t count);

  mlir::Type type() const { return element; }
  /// Where shared memory begins, as an address; and a pointer to an address of it.
  mlir::Value base() const { return start; }
  mlir::Value shared(mlir::Value address) { return pointer(3, address); }

 protected:
  mlir::Value pointer(unsigned space, mlir::Value address);

  Builder& b;
  mlir::Type element;
  mlir::Value start;

 private:
  using OverTile = llvm::function_ref<void(mlir::Value place, mlir::Value within, mlir::Value line, mlir::Value there)>;
  void overTile(const Staged& to, const Source& from, int64_t perRow, int64_t atOnce, mlir::Value at, OverTile body);
  void copyPieces(const Staged& to, const Source& from, int64_t bytes, mlir::Value at);
  void copyNumbers(const Staged& to, const Source& from, mlir::Value at);

  int64_t threads, atOnce;
  mlir::Value thread;
};

}  // namespace heed::codegen::gpu
