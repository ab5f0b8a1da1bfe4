// Words for kernels of warpgroups (sm_90a): tensors that the copy engine is told of, a ring of stages that one producer
// fills and consumers empty, and where wgmma finds its operands.
//
// A tile in shared memory is boxes of 64 columns side by side, each with rows of 128 bytes, swizzled. The users:
// attention/hopper.cpp and contract/hopper.cpp. Test: tests/codegen/gpu/.
#pragma once

#include "heed/codegen/cpu/space.h"
#include "heed/codegen/gpu/thread.h"

namespace heed::codegen::gpu {

constexpr int64_t boxColumns = 64, boxRowBytes = 128;
constexpr int64_t boxAlignment = 1024;  // where a box may begin
constexpr int64_t warpgroupRows = 64, warpsOfGroup = 4;

/// Of so many columns.
inline int64_t boxes(int64_t columns) { return llvm::divideCeil(columns, boxColumns); }

/// A tensor of 16-bit floats that the copy engine is told of, its dims from the innermost, and how much of each it
/// brings at once.
struct Mapped {
  struct Dim {
    mlir::Value extent, stride;  // in elements; the innermost dim is contiguous, whatever its stride says
    int64_t box;
    int64_t number = -1;  // among those of the kernel, if its writer wants to know
  };
  View view;
  llvm::SmallVector<Dim> dims;

  int64_t bytes() const;  // of a box
  /// On the host: whether it begins and steps by multiples of 16 bytes, and has elements at all.
  mlir::Value possible(Builder& b) const;
  /// On the host: the map.
  mlir::Value map(Builder& b) const;
};

/// One thread asks for `count` boxes side by side along the innermost dim, the first of them at `at`, and puts them
/// `pitch` bytes from each other.
void bring(Builder& b, mlir::Value map, mlir::Value to, int64_t count, int64_t pitch, mlir::Value barrier,
           mlir::ValueRange at);

/// Stages in shared memory. A slot is full when its bytes are there, and empty when each warp of the consumers has said
/// so; its barriers lie in shared memory, too.
class Ring {
 public:
  /// What is filled or emptied next, and which time around that is.
  struct Turn {
    mlir::Value slot, parity;
  };
  static constexpr int64_t bytes(int64_t stages) { return 16 * stages; }

  /// `stages` is a power of two. The barriers are at the address `at`.
  Ring(Builder& b, mlir::Value at, int64_t stages) : b(b), at(at), stages(stages) {}
  /// By one thread, before a tile.fence_async and the block's barrier.
  void begin(int64_t consumerWarps);
  Turn turn(mlir::Value count);
  mlir::Value full(const Turn& turn) { return barrier(turn.slot, 0); }
  void waitFull(const Turn& turn);
  void waitEmpty(const Turn& turn);
  /// By one thread of each warp of the consumers.
  void giveBack(const Turn& turn);

 private:
  mlir::Value barrier(mlir::Value slot, int64_t kind);
  Builder& b;
  mlir::Value at;
  int64_t stages;
};

/// A block of two warpgroups that consume and one more, whose first warp produces: each does its part. A thread of the
/// last one keeps `producerRegisters`, a multiple of 16, and the others share the rest.
constexpr int64_t consumerGroups = 2;
void specialise(Builder& b, mlir::Value warp, int64_t producerRegisters, llvm::function_ref<void()> produce,
                llvm::function_ref<void()> consume);

/// Where wgmma finds an operand: PTX ISA, "Matrix descriptor", with the swizzle of 128 bytes. Rows of the depth:
/// `stride` from eight rows to the next; upright also `leading`, from 64 columns to the next.
mlir::Value descriptor(Builder& b, mlir::Value address, int64_t leading, int64_t stride);
/// The same, so many bytes further on.
mlir::Value further(Builder& b, mlir::Value descriptor, int64_t bytes);

/// Which of a thread's sums is that of half h (row 8 h + lane / 4), tile n, column c (8 n + 2 (lane % 4) + c).
constexpr int sumOf(int h, int n, int c) { return 4 * n + 2 * h + c; }

mlir::Value i32(Builder& b, mlir::Value index);

}  // namespace heed::codegen::gpu
