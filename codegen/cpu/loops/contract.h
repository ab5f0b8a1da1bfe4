// tile.contract as tasks: blocks of rows and of panels of columns, packed slice by slice, summed in registers.
//
// Invariant: every sum runs over the depth from first to last, one product at a time, in every tile, slice and tail.
// Test: tests/codegen/loops/contract_test.cpp.
#pragma once

#include "heed/codegen/cpu/loops/lanes.h"
#include "heed/codegen/cpu/target.h"
#include "heed/codegen/tile/tile.h"

namespace heed::codegen {

/// Whether the result is contiguous along a row or column dim: then the lanes lie there.
bool hasLaneDim(tile::ContractOp op);

class ContractKernel {
 public:
  using Builder = mlir::ImplicitLocOpBuilder;

  /// hasLaneDim(op) holds.
  ContractKernel(tile::ContractOp op, const Target& target);
  /// Emits the loops at `b`; fails, with a diagnostic, on an epilogue that has no vector form.
  llvm::LogicalResult emit(Builder& b);

 private:
  using Values = llvm::SmallVector<mlir::Value>;
  /// Coordinates so far, and where they lead in each operand.
  struct Place {
    Values index;  // of each dim, null where it is not yet known
    mlir::Value left, right, out;
    Values captures;
  };
  /// What a task computes: rows [from, to) of panels [firstPanel, endPanel). Rows and panels are numbered across all
  /// their dims.
  struct Block {
    Place place;  // at its shared dims
    mlir::Value from, to, firstPanel, endPanel;
    mlir::Value scratch;
  };
  /// Lines [from, from + lines) of the depth, numbered across all its dims.
  struct Slice {
    mlir::Value from, lines;
    mlir::Value first, last;  // whether it is the first, the last
  };
  /// A vector's width of columns.
  struct Panel {
    Place place;
    mlir::Value number;   // within the block
    mlir::Value columns;  // how many there are from its first on
  };

  // contract.cpp
  void readOperands(Builder& b);
  Values block(Builder& b);
  void emitBlocks(Builder& b);
  void emitBlock(Builder& b, const Block& block);
  Place origin() const;
  Place move(Builder& b, Place place, llvm::ArrayRef<int64_t> dims, mlir::ValueRange by) const;
  mlir::Value product(Builder& b, llvm::ArrayRef<int64_t> dims) const;
  Values sizes(llvm::ArrayRef<int64_t> dims) const;
  int64_t width() const { return int64_t(tile.vectors) * target.lanes; }
  // Where things lie in the scratch.
  int64_t zerosAt() const { return tile.rows * width(); }  // after the finished tile
  int64_t panelAt() const { return 2 * zerosAt(); }
  int64_t rowsAt() const { return panelAt() + tile.depth * width(); }
  mlir::Value waitingAt(Builder& b) const;

  // contract_pack.cpp
  /// A part of an operand, `counts` elements along two dims (the second one -1: there is none).
  struct Rectangle {
    const View& view;
    mlir::Value position;
    int64_t fast, slow;  // dims of the packed form
    mlir::Value fastCount, slowCount;
    mlir::Value to, pitch;  // where in the scratch, and how far from line to line
    int64_t unit;           // what of the fast dim is written at once; beyond fastCount anything
  };
  void packRows(Builder& b, const Block& block, const Slice& slice) const;
  void packPanel(Builder& b, const Block& block, const Slice& slice, const Panel& panel) const;
  void pack(Builder& b, mlir::Value scratch, const Rectangle& part) const;
  void packSquares(Builder& b, mlir::Value scratch, const Rectangle& part) const;
  void overRuns(Builder& b, mlir::Value from, mlir::Value to, mlir::ValueRange sizes,
                llvm::function_ref<void(Values index, mlir::Value before, mlir::Value count)> body) const;

  // contract_tile.cpp
  void overRows(Builder& b, const Block& block, const Slice& slice, const Panel& panel);
  void emitTile(Builder& b, const Block& block, const Slice& slice, const Panel& panel, mlir::Value row, int height);
  Values sums(Builder& b, mlir::Value left, mlir::Value right, mlir::Value lines, Values sums,
              llvm::function_ref<void(mlir::Value)> meanwhile) const;
  mlir::Value multiplyAdd(Builder& b, mlir::Value x, mlir::Value y, mlir::Value sum) const;
  void finish(Builder& b, const Block& block, const Panel& panel, mlir::Value row, mlir::Value count);
  /// A vector of sums from column `column` of `place` on; without a count all its lanes, else that many, perhaps none.
  void finishVector(Builder& b, const Place& place, mlir::Value sum, mlir::Value column, mlir::Value count);

  // contract_few.cpp
  /// Whether few rows have a form of their own: where lines of the right operand are contiguous.
  bool streams() const { return right.unit == lane && !depth.empty(); }
  void emitFewRows(Builder& b);
  void addLines(Builder& b, const Place& place, mlir::Value columns, mlir::Value scratch, int lines) const;

  static constexpr int64_t fewRows = 8;

  tile::ContractOp op;
  Target target;
  ContractTile tile;
  int64_t pitch;         // from row to row of the packed left operand
  bool swapped = false;  // lhs and rhs, so that the lanes are columns
  int64_t lane = -1;
  llvm::SmallVector<int64_t> shared, rows, columns, depth;  // dims; columns without the lane dim
  View left, right, out;
  llvm::SmallVector<View> captures;
  Values extents;
  mlir::Value rowCount, panelCount, depthCount, lanePanels;
  mlir::Value rowsPerBlock, panelsPerBlock, sliceLines, slices;
  bool failed = false;
};

}  // namespace heed::codegen
