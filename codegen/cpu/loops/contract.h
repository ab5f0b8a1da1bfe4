// tile.contract as a task: pack a panel of columns, then run over the rows with all sums in registers.
//
// Invariant: every sum runs over the depth from first to last, one product at a time, in every tile and tail.
// Test: tests/codegen/loops/contract_test.cpp.
#pragma once

#include "heed/codegen/cpu/loops/lanes.h"
#include "heed/codegen/cpu/target.h"
#include "heed/codegen/tile/tile.h"

namespace heed::codegen {

/// The register tile: rows x vectors accumulators, beside them `vectors` of the panel and one broadcast. A slice of the
/// panel, `depth` lines, stays in the first-level cache while the rows pass by.
struct ContractTile {
  int rows, vectors, depth = 96;
};
ContractTile contractTile(const Target& target);

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
  /// One row of the tile: its coordinates and where they lead in each operand.
  struct Row {
    Values index;           // of each row dim
    mlir::Value left, out;  // positions
    Values captures;
  };
  /// Where a panel begins: coordinates of all dims but rows and depth, and the positions there.
  struct Panel {
    Values index;  // of each dim; the lane dim: its first column
    mlir::Value left, right, out;
    Values captures;
    mlir::Value columns;      // how many there are from its first on
    mlir::Value from, to;     // its rows
    mlir::Value scratch;      // `slice` lines of the panel, then the sums so far of its rows
    mlir::Value lines;        // of the depth slice at hand
    mlir::Value first, last;  // whether that is the first, the last slice
  };

  void readOperands(Builder& b);
  Panel panelAt(Builder& b, mlir::ValueRange point, mlir::Value scratch) const;
  void move(Builder& b, Panel& panel, int64_t dim, mlir::Value by) const;
  void overDepth(Builder& b, const Panel& panel, llvm::function_ref<void(const Panel&)> body) const;
  int64_t width() const { return int64_t(tile.vectors) * target.lanes; }

  // contract_pack.cpp
  void pack(Builder& b, const Panel& panel, bool whole) const;
  void packSquares(Builder& b, const Panel& panel) const;
  void overVectors(Builder& b, const Panel& panel,
                   llvm::function_ref<void(mlir::Value column, mlir::Value count)> body) const;
  void keep(Builder& b, const Panel& panel, mlir::Value value, mlir::Value line, mlir::Value column) const;

  // contract_tile.cpp
  void overRows(Builder& b, const Panel& panel, bool whole);
  void emitTile(Builder& b, const Panel& panel, mlir::Value row, int rows, mlir::Value column, int vectors,
                mlir::Value count);
  llvm::SmallVector<Row> rowsAt(Builder& b, const Panel& panel, mlir::Value first, int count) const;
  Values sums(Builder& b, const Panel& panel, llvm::ArrayRef<Row> rows, mlir::Value column, Values sums) const;
  void prefetchBelow(Builder& b, const Panel& panel, llvm::ArrayRef<Row> tileRows) const;
  mlir::Value partial(Builder& b, const Panel& panel, mlir::Value row, mlir::Value column) const;
  void finish(Builder& b, const Panel& panel, const Row& row, mlir::Value sum, mlir::Value column, mlir::Value count);

  tile::ContractOp op;
  Target target;
  ContractTile tile;
  bool swapped = false;  // lhs and rhs, so that the lanes are columns
  int64_t lane = -1;
  llvm::SmallVector<int64_t> shared, rows, columns, depth;  // dims; columns without the lane dim
  View left, right, out;
  llvm::SmallVector<View> captures;
  Values extents;
  mlir::Value rowCount, depthCount, rowsPerPoint, sliceLines, slices;
  bool failed = false;
};

}  // namespace heed::codegen
