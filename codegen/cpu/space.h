// An operand of a kernel as flat memory, addressed by the dims of the kernel's iteration space.
//
// Element (d0 .. dn) lies at base[offset + sum of d_i * stride_i]; a dim that the operand lacks has no stride.
// Test: tests/codegen/attention/attention_test.cpp (permuted and strided operands).
#pragma once

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"

namespace heed::codegen {

struct View {
  mlir::Value base;                               // memref<?xT>, contiguous
  mlir::Type element;                             // of the operand; T is i8 where this is i1
  mlir::Value offset;                             // index
  llvm::SmallVector<mlir::Value> stride, extent;  // per dim of the space, null where absent
  int64_t unit = -1;                              // the dim whose stride is statically 1, or -1

  bool has(int64_t dim) const { return bool(stride[dim]); }
};

/// The view of `memref` under `map` (a projected permutation).
View viewOf(mlir::OpBuilder& b, mlir::Location loc, mlir::Value memref, mlir::AffineMap map);

/// The same view moved along `dim` by `steps` elements of that dim; unchanged where the view lacks it.
View at(mlir::OpBuilder& b, mlir::Location loc, View view, int64_t dim, mlir::Value steps);

/// Extents of all dims of the space; null for a dim that no view has.
llvm::SmallVector<mlir::Value> extentsOf(llvm::ArrayRef<View> views);

}  // namespace heed::codegen
