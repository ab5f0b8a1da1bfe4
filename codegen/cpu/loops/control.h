// Small words for emitting loops and numbers.
#pragma once

#include "heed/codegen/cpu/loops/lanes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace heed::codegen {

/// for (i = from; i < to; i += step) body(i)
inline void loop(mlir::ImplicitLocOpBuilder& b, mlir::Value from, mlir::Value to, int64_t step,
                 llvm::function_ref<void(mlir::Value)> body) {
  auto loop = mlir::scf::ForOp::create(b, from, to, constant(b, step));
  mlir::OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

/// The same with values that each turn hands to the next.
inline llvm::SmallVector<mlir::Value> loop(
    mlir::ImplicitLocOpBuilder& b, mlir::Value from, mlir::Value to, llvm::SmallVector<mlir::Value> carried,
    llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, llvm::SmallVector<mlir::Value>)> body) {
  auto loop = mlir::scf::ForOp::create(b, from, to, constant(b, 1), carried);
  mlir::OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  mlir::Value index = loop.getInductionVar();
  auto results = body(index, llvm::to_vector(mlir::ValueRange(loop.getRegionIterArgs())));
  if (!results.empty()) mlir::scf::YieldOp::create(b, results);  // else there is one already
  return llvm::to_vector(mlir::ValueRange(loop.getResults()));
}

/// An f16 or bf16 number or vector in f32.
inline mlir::Value toF32(mlir::ImplicitLocOpBuilder& b, mlir::Value value) {
  mlir::Type type = b.getF32Type();
  if (mlir::getElementTypeOrSelf(value.getType()) == type) return value;
  if (auto vector = llvm::dyn_cast<mlir::VectorType>(value.getType())) type = vector.clone(type);
  return mlir::arith::ExtFOp::create(b, type, value);
}

/// A vector of pairs of bf16 numbers as one of f32 words, which hold the same bits.
inline mlir::Value asWords(mlir::ImplicitLocOpBuilder& b, mlir::Value pairs) {
  auto type = llvm::cast<mlir::VectorType>(pairs.getType());
  return mlir::vector::BitCastOp::create(b, mlir::VectorType::get({type.getNumElements() / 2}, b.getF32Type()), pairs);
}

}  // namespace heed::codegen
