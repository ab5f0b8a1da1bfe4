// What an op needs to lower itself: the buffers of its operands by axis name, extents as values, elementwise loops.
//
// Invariant: a value may have axes that its buffer lacks; it repeats along them. Layout never shows outside:
// loops address buffers by axis names only. Test: tests/passes/lower/lower_to_tile.mlir.
#pragma once

#include "heed/passes/ir/axes.h"
#include "llvm/ADT/StringMap.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace heed::ir {

/// A memref and the axis of each of its dims.
struct Buffer {
  mlir::Value memref;
  llvm::SmallVector<llvm::StringRef> axes;

  bool has(llvm::StringRef axis) const { return llvm::is_contained(axes, axis); }
  /// The map from the dims named by `space` to the dims of the memref.
  mlir::AffineMap map(llvm::ArrayRef<llvm::StringRef> space) const;
  mlir::Type element() const;
};

/// Gives the value of the result's element; `elements` are those of the inputs, `current` is the output's. f16 and bf16
/// come as f32.
using ElementBody = llvm::function_ref<mlir::Value(mlir::OpBuilder&, mlir::ValueRange elements, mlir::Value current)>;
/// The current position along an axis, of type index.
using Position = llvm::function_ref<mlir::Value(mlir::OpBuilder&, llvm::StringRef axis)>;

class Lowering {
 public:
  explicit Lowering(mlir::OpBuilder& builder) : b(builder) {}
  mlir::OpBuilder& b;

  /// Lowers the ops of a block, all but the terminator.
  llvm::LogicalResult run(mlir::Block& block);

  /// The buffer that holds a value; computes it now if it was left to its users.
  Buffer buffer(mlir::Value value);
  void bind(mlir::Value value, Buffer buffer) { buffers_[value] = std::move(buffer); }
  /// Forgets the ops of a block, so that it can be run again.
  void forget(mlir::Block& block);
  /// Runs `body`, which writes into a region of its own, and then forgets every buffer it made.
  void nested(llvm::function_ref<void()> body);
  /// Says that `values`, the same parameter of all copies of a repeat, are the items of a list.
  void bindList(mlir::ValueRange values, mlir::Value list) { lists_[values.front()] = list; }
  /// The list that these are the items of, or null.
  mlir::Value list(mlir::ValueRange values) const { return values.empty() ? nullptr : lists_.lookup(values.front()); }
  /// Says where a value is wanted; `allocate` for it gives that buffer.
  void want(mlir::Value value, Buffer destination) { wanted_.insert_or_assign(value, std::move(destination)); }
  bool isBoundTo(mlir::Value value, const Buffer& destination) const;
  /// A place for a result, bound to it.
  Buffer allocate(mlir::Value result);
  /// A place for something in between.
  Buffer allocate(mlir::Location loc, llvm::ArrayRef<Axis> axes, mlir::Type element);

  /// The extent as an index value. An error at the op that asks where no input carries its symbol.
  mlir::Value extent(const Axis& axis);
  bool knows(const Axis& axis) const { return axis.isStatic() || symbols_.count(axis.symbol); }
  void bindSymbol(llvm::StringRef symbol, mlir::Value extent) { symbols_.try_emplace(symbol, extent); }

  /// The same buffer with the missing ones of `axes`, along which it repeats (stride 0).
  Buffer spread(mlir::Location loc, Buffer buffer, llvm::ArrayRef<Axis> axes);

  /// For all points of `space`: out = body(elements of values and buffers, out). Axes that `out` lacks are reduced.
  /// Elementwise ops that feed `values` and have no other user are computed inside the loop.
  void loop(mlir::Location loc, llvm::ArrayRef<Axis> space, mlir::ValueRange values, llvm::ArrayRef<Buffer> buffers,
            const Buffer& out, ElementBody body);
  void fill(mlir::Location loc, const Buffer& out, double value);
  /// out = in, axis by axis.
  void copy(mlir::Location loc, llvm::ArrayRef<Axis> axes, const Buffer& in, const Buffer& out);

  /// The ops of `kernel` are not lowered one by one: elementwise ones are computed wherever `emit` needs them.
  llvm::LogicalResult inside(mlir::Block& kernel, llvm::function_ref<llvm::LogicalResult()> body);
  /// The values in buffers that one element of `value` is computed from.
  void collectLeaves(mlir::Value value, llvm::SmallVectorImpl<mlir::Value>& leaves);
  /// One element of `value`; `done` holds those of its leaves.
  mlir::Value emit(mlir::OpBuilder& inner, mlir::Value value, mlir::IRMapping& done, Position position);

  /// An elementwise result: left to its only user where nothing is computed twice, else computed now.
  void elementwise(mlir::Operation* op);

 private:
  mlir::Value emitWide(mlir::OpBuilder& inner, mlir::Value value, mlir::IRMapping& done, Position position);
  Buffer place(mlir::Value result);
  bool isInline(mlir::Value value) const;

  llvm::DenseMap<mlir::Value, Buffer> buffers_, wanted_;
  llvm::DenseMap<mlir::Value, mlir::Value> lists_;  // by the first item
  llvm::StringMap<mlir::Value> symbols_;
  mlir::Operation* current_ = nullptr;
  mlir::Block* kernel_ = nullptr;  // whose ops are being lowered together
  bool failed_ = false;
  mlir::Value computing_;  // what `buffer` computes right now
};

/// One scalar heed op as arith and math ops.
mlir::Value lowerScalar(mlir::Operation* op, mlir::OpBuilder& b, mlir::ValueRange elements, Position position);

}  // namespace heed::ir
