// What a value is made of, through some ops only.
//
// Invariant: each value is asked once: a random bit of dropout is made in forty steps, each of which is used twice.
// Test: tests/nn/dropout_test.cpp.
#pragma once

#include "llvm/ADT/SmallPtrSet.h"
#include "mlir/IR/Operation.h"

namespace heed::ir {

/// Whether `found` holds for x, or for an operand of an op that `through` lets pass and that x is made of.
template <class Found, class Through>
bool madeOf(mlir::Value x, Found found, Through through) {
  llvm::SmallPtrSet<mlir::Value, 16> asked;
  llvm::SmallVector<mlir::Value> left{x};
  while (!left.empty()) {
    mlir::Value next = left.pop_back_val();
    if (!asked.insert(next).second) continue;
    if (found(next)) return true;
    if (mlir::Operation* op = next.getDefiningOp(); op && through(op)) llvm::append_range(left, op->getOperands());
  }
  return false;
}

}  // namespace heed::ir
