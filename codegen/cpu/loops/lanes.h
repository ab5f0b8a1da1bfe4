// Scalars and lanes of a View, loaded and stored; and index arithmetic that folds.
//
// Invariant: nothing outside the operand is touched; a tail has a mask or repeats its last lane.
// Test: tests/codegen/loops/generic.cpp.
#pragma once

#include "heed/codegen/cpu/space.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace heed::codegen {

mlir::Value load(mlir::ImplicitLocOpBuilder& b, const View& view, mlir::Value position);
void store(mlir::ImplicitLocOpBuilder& b, const View& view, mlir::Value value, mlir::Value position);

/// The lanes along the unit dim; with a mask only those that it allows, the others are 0 (or 1 for integers: they may
/// be divisors).
mlir::Value loadLanes(mlir::ImplicitLocOpBuilder& b, const View& view, mlir::Value position, int lanes,
                      mlir::Value mask = {});
void storeLanes(mlir::ImplicitLocOpBuilder& b, const View& view, mlir::Value value, mlir::Value position,
                mlir::Value mask = {});
/// The lanes along any dim, one load each; lanes from `limit` (at least 1, if given) on repeat the last one before.
mlir::Value gatherLanes(mlir::ImplicitLocOpBuilder& b, const View& view, mlir::Value position, int64_t dim, int lanes,
                        mlir::Value limit = {});
/// The position `steps` further along `dim`; the same where the view lacks it.
mlir::Value advance(mlir::ImplicitLocOpBuilder& b, const View& view, mlir::Value position, int64_t dim,
                    mlir::Value steps);
/// Lanes below `count` are true.
mlir::Value maskOf(mlir::ImplicitLocOpBuilder& b, int lanes, mlir::Value count);

mlir::Value constant(mlir::ImplicitLocOpBuilder& b, int64_t value);
mlir::Value add(mlir::ImplicitLocOpBuilder& b, mlir::Value x, mlir::Value y);
mlir::Value sub(mlir::ImplicitLocOpBuilder& b, mlir::Value x, mlir::Value y);
mlir::Value mul(mlir::ImplicitLocOpBuilder& b, mlir::Value x, mlir::Value y);
mlir::Value smaller(mlir::ImplicitLocOpBuilder& b, mlir::Value x, mlir::Value y);
mlir::Value larger(mlir::ImplicitLocOpBuilder& b, mlir::Value x, mlir::Value y);
/// x / y of numbers >= 0, rounded down; rounded up; and x rounded down to a multiple of y.
mlir::Value quotient(mlir::ImplicitLocOpBuilder& b, mlir::Value x, mlir::Value y);
mlir::Value ceiling(mlir::ImplicitLocOpBuilder& b, mlir::Value x, mlir::Value y);
mlir::Value multiple(mlir::ImplicitLocOpBuilder& b, mlir::Value x, int64_t y);

}  // namespace heed::codegen
