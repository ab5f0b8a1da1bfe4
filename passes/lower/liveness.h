// How long the buffers of a block live.
//
// Invariant: a buffer lives as long as any view of it. Test: tests/passes/lower/plan_memory.mlir.
#pragma once

#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace heed::ir {

struct Life {
  mlir::memref::AllocOp alloc;
  unsigned begin, end;  // numbers of ops in the block: the allocation and the last use
};

/// The lives of all buffers that the block allocates, in order of allocation.
llvm::SmallVector<Life> livesIn(mlir::Block& block);

}  // namespace heed::ir
