// One tile.rows as a loop over rows, and in it one loop along the row for each phase.
//
// Invariant: a reduction combines in an order that depends on the length of the row and the lane count only.
// Test: tests/codegen/rows/rows_test.cpp.
#pragma once

#include "heed/codegen/cpu/loops/lanes.h"
#include "heed/codegen/cpu/target.h"
#include "heed/codegen/tile/tile.h"

namespace heed::codegen {

class RowsKernel {
 public:
  using Builder = mlir::ImplicitLocOpBuilder;

  RowsKernel(tile::RowsOp op, const Target& target) : op(op), target(target), along(op.along()) {}
  /// Emits a tile.parallel at `b`; the op stays for the caller to erase. Fails, with a diagnostic, on a region that has
  /// no vector form.
  llvm::LogicalResult emit(Builder& b);

 private:
  using Values = llvm::SmallVector<mlir::Value>;
  /// Where each operand and each dim stands.
  struct Place {
    Values position, index;
  };
  /// How many lanes (0: a scalar), and in a tail which and how many of them.
  struct Width {
    int lanes = 0;
    mlir::Value mask, count;
  };
  /// A row, or as many as there are lanes: elements of the inputs that do not vary along it, and the reductions so far.
  struct Row {
    Place place;
    Width width;
    Values elements, reduced;
  };
  using Body = llvm::function_ref<Values(Builder&, const Place&, Width, Values)>;

  void chooseLanes();
  Place step(Builder& b, Place place, int64_t dim, mlir::Value by) const;
  void emitRow(Builder& b, const Place& place, Width width);
  mlir::Value reduce(Builder& b, const Row& row, mlir::Region& phase);
  void finish(Builder& b, const Row& row);
  mlir::Value passesCaches(Builder& b, const Place& place);
  /// The elements [from, to) of a row, `step` lanes (or elements) each time.
  Values overRow(Builder& b, const Row& row, mlir::Value from, mlir::Value to, int64_t step, Values carried, Body body);
  /// Those from `from` on that fill no vector.
  Values overTail(Builder& b, const Row& row, mlir::Value from, Values carried, Body body);
  /// What a region yields at a place; `sum` is the last argument of a phase. Elements along the row are left out of
  /// what is computed `once` for it.
  Values evaluate(Builder& b, mlir::Region& region, const Row& row, const Place& place, Width width,
                  mlir::Value sum = {}, bool once = false);
  mlir::Value read(Builder& b, size_t operand, const Place& place, Width width);
  void write(Builder& b, size_t operand, mlir::Value value, const Place& place, Width width);

  tile::RowsOp op;
  Target target;
  int64_t along, lane = -1;
  llvm::SmallVector<View> views;  // of each operand
  Values extents;
  bool failed = false;
  // While code is emitted: whether what is read asks for what comes later, and what is written goes past the caches.
  bool asks = false, past = false;
};

}  // namespace heed::codegen
