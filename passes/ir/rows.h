// Building tile.rows: reductions of a row, one after the other, and what is made from them.
//
// Invariant: what a region needs is computed again in that region; only reductions are handed on. Test:
// tests/passes/lower/rows.mlir.
#pragma once

#include <functional>
#include <memory>

#include "heed/passes/ir/lowering.h"

namespace heed::ir {

class RowRegion;
/// One element, computed in a region.
using RowElement = std::function<mlir::Value(RowRegion&)>;

/// The kernel under construction.
class Rows {
 public:
  Rows(Lowering& lowering, mlir::Location loc) : lowering(lowering), loc(loc) {}
  Lowering& lowering;
  mlir::Location loc;

  /// Adds a reduction by `combine`, an arith op; numbers narrower than f32 are combined in f32.
  RowElement reduce(llvm::StringRef combine, mlir::Type type, const RowElement& element);
  /// Adds the op and then tells what an element of its result is.
  void add(mlir::Operation* op);

 private:
  friend class RowRegion;
  friend llvm::LogicalResult lowerRows(Lowering&, mlir::Location, llvm::ArrayRef<mlir::Operation*>, llvm::StringRef,
                                       mlir::ValueRange, mlir::ValueRange);

  llvm::SmallVector<llvm::StringRef> names;  // of the dims
  llvm::SmallVector<mlir::Value> leaves;     // the first inputs
  llvm::SmallVector<mlir::Type> arguments;   // of the next region: elements of all inputs, then the reductions so far
  llvm::SmallVector<std::unique_ptr<mlir::Region>> phases;
  llvm::DenseMap<mlir::Value, RowElement> elements;
};

/// A region of the kernel: what it takes, and the scalars in it.
class RowRegion {
 public:
  explicit RowRegion(Rows& rows);
  /// One element of a tensor.
  mlir::Value operator()(mlir::Value tensor);
  mlir::Value number(mlir::Type type, double value);

  mlir::OpBuilder b;
  mlir::Location loc;

 private:
  friend class Rows;
  friend llvm::LogicalResult lowerRows(Lowering&, mlir::Location, llvm::ArrayRef<mlir::Operation*>, llvm::StringRef,
                                       mlir::ValueRange, mlir::ValueRange);

  Rows& rows_;
  std::unique_ptr<mlir::Region> region_;
  mlir::IRMapping done_;
};

/// `results` hold the values `stored`, which `ops`, in order, make row by row along `axis`.
llvm::LogicalResult lowerRows(Lowering& lowering, mlir::Location loc, llvm::ArrayRef<mlir::Operation*> ops,
                              llvm::StringRef axis, mlir::ValueRange stored, mlir::ValueRange results);
/// One RowWise op by itself.
llvm::LogicalResult lowerRow(mlir::Operation* op, Lowering& lowering);

}  // namespace heed::ir
