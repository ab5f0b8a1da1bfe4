// Writes scalar heed ops, simplified as they are written: the regions of heed.attention are made of them.
//
// Invariant: floats are computed in f32 whatever the tensors hold. Test: tests/passes/fusion/canonicalize.mlir.
#pragma once

#include "heed/passes/fusion/renamed.h"

namespace heed::fusion {

/// What an op over `operands` is without computing anything: x * 1, where(true, x, y), not(not(x)). Null if nothing.
/// Holds for tensors and scalars alike; the value may lack axes or have another element type than the op's result.
mlir::Value identityOf(mlir::Operation* like, mlir::ValueRange operands);

/// 1 / x if that is exact.
std::optional<double> exactReciprocal(double x);

class Scalars {
 public:
  Scalars(mlir::MLIRContext* context, mlir::Block& block) : b(context) { b.setInsertionPointToEnd(&block); }

  mlir::Value number(mlir::Location loc, mlir::Type element, double value);
  mlir::Value index(mlir::Location loc, llvm::StringRef axis);
  /// The op `like`, a tensor op, on scalars.
  mlir::Value apply(mlir::Operation* like, mlir::ValueRange operands);
  /// x in the type that regions compute in.
  mlir::Value computed(mlir::Location loc, mlir::Value x);

  template <class Op>
  mlir::Value make(mlir::Location loc, mlir::ValueRange operands) {
    return emit(loc, Op::getOperationName(), operands, operands.back().getType());
  }

 private:
  mlir::Value emit(mlir::Location loc, llvm::StringRef name, mlir::ValueRange operands, mlir::Type type);

  mlir::OpBuilder b;
};

/// f32 for any float; integers and i1 stay.
mlir::Type computedType(mlir::Type element);

}  // namespace heed::fusion
