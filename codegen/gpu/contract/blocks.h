// A block of sums whose operands go through shared memory, tile by tile of the depth: its shape, and who multiplies.
//
// The users: contract/cores.cpp by mma.sync, contract/fma.cpp by fma. Test: tests/codegen/gpu/contract_test.cpp.
#pragma once

#include <memory>

#include "heed/codegen/gpu/staging.h"

namespace heed::codegen::gpu {

/// Rows and columns of a block and of one of its warps; how deep a tile is, and how many have room at a time.
struct Blocks {
  int64_t rows, columns, warpRows, warpColumns, depth, stages;
  int64_t uprightGap = pieceBytes;  // Staged::gap of a tile that has the depth as rows
  int64_t warps() const { return rows / warpRows * (columns / warpColumns); }
};

/// A tile of one operand. Its rows in shared memory are those of the product (or its columns); `upright`, the depth.
struct Side {
  Staged staged;
  bool upright = false;
};

/// The code of one thread, which has some of its block's sums.
class Multiplier {
 public:
  virtual ~Multiplier() = default;
  virtual int64_t count() const = 0;
  /// Sums + left right, of the tiles that lie `at` bytes behind their places. Each sum adds along the depth, in order.
  virtual Values multiply(Values sums, mlir::Value at) = 0;
  /// Row and column of a sum in the block.
  virtual std::pair<mlir::Value, mlir::Value> placeOf(int64_t sum) = 0;
};

/// A thread's staging, and what its block has staged.
struct Tiles {
  Staging& staging;
  const Blocks& blocks;
  Side left, right;
};
using MakeMultiplier = std::unique_ptr<Multiplier>(Builder& b, const Thread& thread, const Tiles& tiles);
MakeMultiplier multiplyByCores, multiplyByFma;

/// Where the sums of the thread's warp begin in the block.
std::pair<mlir::Value, mlir::Value> warpPlace(Builder& b, const Thread& thread, const Blocks& blocks);

}  // namespace heed::codegen::gpu
