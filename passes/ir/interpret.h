// Runs heed ops in f64: the reference that every compiled result is compared with.
//
// Invariant: nothing here looks at the name of an op; each op evaluates itself. Test:
// tests/passes/ir/interpret_test.cpp.
#pragma once

#include "heed/passes/ir/axes.h"
#include "heed/passes/ir/reference.h"
#include "llvm/ADT/DenseMap.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace heed::ir {

/// The results of `function` for these arguments, one per function argument, axes by name in any order.
/// Fails with a diagnostic where an argument does not fit its type. `single` gives the naive evaluation instead:
/// every result is rounded to its type and products are summed one by one in f32. `after`, if given, becomes the
/// arguments as the function leaves them: states have changed.
mlir::FailureOr<llvm::SmallVector<Reference>> interpret(mlir::func::FuncOp function,
                                                        llvm::ArrayRef<Reference> arguments, bool single = false,
                                                        llvm::SmallVector<Reference>* after = nullptr);

/// The values and extents known so far while a function runs.
class Evaluation {
 public:
  explicit Evaluation(bool single = false) : single_(single) {}
  bool single() const { return single_; }
  /// A number as the arithmetic in use keeps it.
  double kept(double x) const { return single_ ? static_cast<float>(x) : x; }
  /// Runs a block and returns the operands of its terminator.
  llvm::SmallVector<Reference> run(mlir::Block& block);
  void bind(mlir::Value value, Reference reference);
  /// A state is something else from now on.
  void remember(mlir::Value state, Reference reference) { values_[state] = std::move(reference); }
  const Reference& at(mlir::Value value) const { return values_.at(value); }
  /// The number an axis stands for; says so at `op` and gives 0 where its symbol is not known.
  int64_t extent(mlir::Operation* op, const Axis& axis);
  bool failed() const { return failed_; }
  /// An error at `op`; the run ends with it.
  mlir::InFlightDiagnostic fail(mlir::Operation* op);

 private:
  llvm::DenseMap<mlir::Value, Reference> values_;
  llvm::StringMap<int64_t> symbols_;
  bool failed_ = false;
  bool single_;
};

std::vector<std::string> axisNames(llvm::ArrayRef<Axis> axes);
/// A tensor with the axes of `type`, whose extents are those of the operands.
Reference blank(mlir::Type type, llvm::ArrayRef<Reference> operands, double fill = 0);

}  // namespace heed::ir
