// Finds where attention is: a contraction over the axis of a softmax that feeds it.
//
// Invariant: all names are those of the contraction. Test: tests/passes/fusion/form_attention.mlir.
#pragma once

#include "heed/passes/fusion/absorb.h"

namespace heed::fusion {

struct Site {
  mlir::Operation* contraction;
  mlir::Value stored;       // its result, in the order of axes and the type in which it is read
  Renamed softmax, scores;  // its result and its operand
  Renamed weights, value;   // what is contracted with what
  llvm::StringRef key;
  llvm::SmallVector<llvm::StringRef> alsoSummed;  // axes contracted besides the key
};

/// Nothing if no softmax over a contracted axis feeds the op through pointwise ops, or more than one does.
std::optional<Site> findSite(mlir::Operation* contraction);

/// What is `wanted` of that from which x is made, pointwise: the first on each way, each once.
llvm::SmallVector<Renamed> pointwiseParts(const Renamed& x, llvm::function_ref<bool(const Renamed&)> wanted);

/// The softmaxes over one of these axes, by their names in x, that x is made from, pointwise.
llvm::SmallVector<Renamed> softmaxesOver(llvm::ArrayRef<llvm::StringRef> axes, const Renamed& x);

/// Whether x is `part` times something that does not depend on it, or 0. The kernel divides by the sum of the weights
/// at its end, and that passes through factors only: w * w or 1 - w would come out wrong.
bool isMultiple(const Renamed& x, mlir::Value part);

/// The axes that may be the row, the best first: they are not the value's. Symbolic extents, then the largest, then the
/// innermost come first.
llvm::SmallVector<llvm::StringRef> rowCandidates(const Site& site);

}  // namespace heed::fusion
