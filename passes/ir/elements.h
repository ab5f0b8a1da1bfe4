// What all elementwise ops share: a row of words.td as data, evaluation and lowering element by element.
//
// Invariant: scalarMeaning and lowerScalar of one op say the same thing. Test: tests/passes/ir/pointwise_test.cpp.
#pragma once

#include <cmath>
#include <functional>

#include "heed/passes/ir/axes.h"
#include "heed/passes/ir/reference.h"
#include "mlir/IR/Builders.h"

namespace heed::ir {

class Lowering;

/// One element of a result from one element of each operand, in f64; integers are exact.
using ScalarFunction = std::function<double(const double*)>;

/// A row of words.td.
struct PointwiseRow {
  llvm::StringRef typing, onFloat, onInt;
  double (*meaning)(const double* x, bool integer);
};

llvm::LogicalResult inferPointwise(std::optional<mlir::Location> loc, llvm::StringRef op, const PointwiseRow& row,
                                   mlir::ValueRange operands, llvm::SmallVectorImpl<mlir::Type>& types);
ScalarFunction scalarMeaning(mlir::Operation* op, const PointwiseRow& row);
mlir::Value lowerScalar(mlir::Operation* op, const PointwiseRow& row, mlir::OpBuilder& b, mlir::ValueRange elements);
/// The constant that an op over constants is, else nothing.
mlir::OpFoldResult foldScalar(mlir::Operation* op, llvm::ArrayRef<mlir::Attribute> operands);

/// For any Elementwise op.
Reference evaluateElements(mlir::Operation* op, llvm::ArrayRef<Reference> operands);
llvm::LogicalResult lowerElements(mlir::Operation* op, Lowering& lowering);

/// A number as an attribute of a scalar type, and back.
mlir::TypedAttr numberAttr(mlir::Type element, double value);
double numberOf(mlir::Attribute attr);

/// The functions that the Meaning column of words.td uses.
namespace meaning {
inline double divide(double x, double y, bool integer) { return !integer ? x / y : y == 0 ? 0 : std::trunc(x / y); }
inline double remainder(double x, double y, bool integer) { return integer && y == 0 ? 0 : std::fmod(x, y); }
inline double larger(double x, double y) { return std::isnan(x) || std::isnan(y) ? NAN : x < y ? y : x; }
inline double smaller(double x, double y) { return std::isnan(x) || std::isnan(y) ? NAN : y < x ? y : x; }
}  // namespace meaning

}  // namespace heed::ir
