// A value as a later op names its axes: what lets fusion look through rename, permute and along.
//
// Invariant: `names` lists only axes that the value has and whose name here differs. Test:
// tests/passes/fusion/sdpa_phrasings.mlir.
#pragma once

#include <optional>
#include <utility>

#include "heed/passes/ir/heed.h"

namespace heed::fusion {

struct Renamed {
  mlir::Value value;
  llvm::SmallVector<std::pair<llvm::StringRef, llvm::StringRef>, 1> names = {};  // own name, name here

  llvm::StringRef name(llvm::StringRef own) const;
  /// The axes under the names here.
  ir::Axes axes() const;
  bool has(llvm::StringRef name) const { return ir::has(axes(), name); }
  /// An operand of the op that made the value, whose axes keep their names; `except` are axes of the operand alone.
  Renamed operand(mlir::Value x, llvm::ArrayRef<llvm::StringRef> except = {}) const;
  mlir::Operation* op() const { return value.getDefiningOp(); }

  bool operator==(const Renamed&) const = default;
};

/// The value behind layout ops: the same numbers, perhaps without axes along which they repeat.
Renamed throughLayout(Renamed x);

/// The value behind layout ops and casts of narrower floats to f32, which are exact.
Renamed throughWidening(Renamed x);

/// The number that the value is throughout, if it is a constant.
std::optional<double> constantOf(const Renamed& x);
std::optional<double> constantOf(mlir::Value x);

/// Whether the value is, behind layout ops, a parameter of the model.
bool isParameter(mlir::Value x);

/// The value with the names it has here, by rename ops where they differ.
mlir::Value materialise(mlir::OpBuilder& b, const Renamed& x);

}  // namespace heed::fusion
