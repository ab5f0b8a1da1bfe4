// One structured op as a loop nest: which dim carries the lanes, and the loops around it.
//
// Invariant: a reduction combines in an order that depends on its extents and the lane count only.
// Test: tests/codegen/loops/generic.cpp.
#pragma once

#include "heed/codegen/cpu/loops/lanes.h"
#include "heed/codegen/cpu/target.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace heed::codegen {

/// What carries the lanes: nothing, a dim of the results, or a reduced dim.
enum class LaneKind { None, Parallel, Reduction };

class Kernel {
 public:
  using Builder = mlir::ImplicitLocOpBuilder;

  /// With `epilogue` the results begin at 0, whatever they held, and each passes through it: its arguments are the
  /// result, then one element of each input from `firstCapture` on.
  Kernel(mlir::linalg::LinalgOp op, const Target& target, mlir::Region* epilogue = nullptr, size_t firstCapture = 0)
      : op(op), target(target), epilogue(epilogue), firstCapture(firstCapture) {}
  /// Emits the loops at `b`; the op stays for the caller to erase. Fails, with a diagnostic, on a body that has no
  /// vector form.
  llvm::LogicalResult emit(Builder& b);

 private:
  /// Where each operand and each dim stands.
  struct Place {
    llvm::SmallVector<mlir::Value> position;  // of each operand, null for a scalar
    llvm::SmallVector<mlir::Value> index;     // of each dim
  };
  /// How wide, and for a tail how many of the lanes.
  struct Width {
    int lanes = 0;  // 0: scalar
    mlir::Value mask, count;
  };
  using Values = llvm::SmallVector<mlir::Value>;
  using Inner = llvm::function_ref<Values(Builder&, const Place&, Values)>;

  void readOperands(Builder& b);
  void chooseLanes();
  bool reducible();
  bool hazardous();
  Place step(Builder& b, Place place, int64_t dim, mlir::Value by) const;

  void emitParallelLanes(Builder& b, const Place& place, mlir::Value block);
  void emitReductionLanes(Builder& b, const Place& place);
  void emitPoint(Builder& b, const Place& place, Width width);
  Values overReductions(Builder& b, llvm::ArrayRef<int64_t> dims, const Place& place, Values carried, Inner inner);
  mlir::Value before(Builder& b, size_t operand, const Place& place, Width width);
  mlir::Value finish(Builder& b, mlir::Value result, const Place& place, Width width);
  Values cloneRegion(Builder& b, mlir::Region& region, Values arguments, const Place& place, Width width);
  /// The body once: new values of the results, of the width of the place.
  Values evaluate(Builder& b, const Place& place, Values results, Width width);

  mlir::Value read(Builder& b, size_t operand, const Place& place, Width width);
  bool isResult(size_t operand) { return operand >= size_t(op.getNumDpsInputs()); }
  mlir::Operation* combiner(size_t result);

  mlir::linalg::LinalgOp op;
  Target target;
  mlir::Region* epilogue;
  size_t firstCapture;
  llvm::SmallVector<View> views;  // of each operand; a scalar has no base
  Values extents;
  llvm::SmallVector<int64_t> outer, reduced;  // dims that carry no lanes
  LaneKind kind = LaneKind::None;
  int64_t lane = -1;
  bool failed = false;
};

}  // namespace heed::codegen
