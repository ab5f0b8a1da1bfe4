// The axes of a heed type, read and written as a list of named extents.
//
// Invariant: an extent is static and has no symbol, or is dynamic and has one. Test: tests/passes/ir/verify_test.cpp.
#pragma once

#include <optional>
#include <string>

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Location.h"

namespace heed::ir {

struct Axis {
  llvm::StringRef name;
  int64_t extent = mlir::ShapedType::kDynamic;
  llvm::StringRef symbol;  // "" for a static extent

  bool isStatic() const { return extent != mlir::ShapedType::kDynamic; }
  bool sameExtent(const Axis& other) const { return extent == other.extent && symbol == other.symbol; }
  /// "key (128)" or "key (K)": how a message names it.
  std::string describe() const;
};
using Axes = llvm::SmallVector<Axis>;

/// A ranked tensor of f16, bf16, f32, i32 or i1 whose axes have names; rank 0 has no encoding.
bool isTensor(mlir::Type type);

/// The axes of a tensor type, outermost first; none for a scalar.
Axes axesOf(mlir::Type type);
mlir::Type elementOf(mlir::Type type);
mlir::RankedTensorType tensorOf(mlir::Type element, llvm::ArrayRef<Axis> axes);
/// The same tensor or scalar type with another element type.
mlir::Type withElement(mlir::Type type, mlir::Type element);

const Axis* findAxis(llvm::ArrayRef<Axis> axes, llvm::StringRef name);
inline bool has(llvm::ArrayRef<Axis> axes, llvm::StringRef name) { return findAxis(axes, name); }
Axes without(llvm::ArrayRef<Axis> axes, llvm::ArrayRef<llvm::StringRef> names);
llvm::SmallVector<llvm::StringRef> namesOf(llvm::ArrayRef<Axis> axes);
/// The names in an array attribute of strings.
llvm::SmallVector<llvm::StringRef> namesOf(mlir::ArrayAttr names);
/// "[batch (B), key (128)]"
std::string describe(llvm::ArrayRef<Axis> axes);

/// Adds the axes of `more` that `all` lacks. Fails, naming `op`, where one name has two extents.
llvm::LogicalResult unite(std::optional<mlir::Location> loc, llvm::StringRef op, Axes& all, llvm::ArrayRef<Axis> more);

/// Types are equal up to the order of axes.
bool sameAxes(mlir::TypeRange left, mlir::TypeRange right);

}  // namespace heed::ir
