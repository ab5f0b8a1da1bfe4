// Puts ops of one block into the body of an op that stands for one kernel.
//
// Invariant: meaning is kept; no op outside lies on a way from one enclosed op to another. Test:
// tests/passes/fusion/fuse_epilogue.mlir.
#pragma once

#include "heed/passes/ir/heed.h"
#include "llvm/ADT/SetVector.h"

namespace heed::fusion {

using Ops = llvm::SetVector<mlir::Operation*>;

/// Whether `op`, or an op in its regions, reads a result of one of `ops`.
template <class Set>
bool reads(mlir::Operation* op, const Set& ops) {
  return op
      ->walk([&](mlir::Operation* inner) {
        for (mlir::Value operand : inner->getOperands())
          if (mlir::Operation* source = operand.getDefiningOp(); source && ops.contains(source))
            return mlir::WalkResult::interrupt();
        return mlir::WalkResult::advance();
      })
      .wasInterrupted();
}

/// Whether every user of `ops` is one of them, or one of `others`.
bool areAllKnown(const Ops& ops, const llvm::SmallPtrSetImpl<mlir::Operation*>& others);

/// The same ops in block order.
Ops inOrder(const Ops& ops);

/// The results of `ops` that something else reads, in the order of `ops`.
llvm::SmallVector<mlir::Value> escaping(const Ops& ops);

/// A new op `name` around `ops`, which come in block order, with one result for each escaping value. The other ops of
/// the block come before or behind it as they must.
mlir::Operation* enclose(const Ops& ops, llvm::StringRef name, mlir::Location loc,
                         llvm::ArrayRef<mlir::NamedAttribute> attributes = {});

}  // namespace heed::fusion
