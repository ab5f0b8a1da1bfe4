// Does a function mean the same after fusion as before? Random arguments, small shapes, the f64 reference for both.
//
// Invariant: constants that fusion rounds to f32 differ in the 24th bit, no more; NaN stays NaN. Test:
// meaning_test.cpp.
#pragma once

#include <string>

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace heed::test {

/// A context with the dialects of a graph; remarks are dropped, errors are thrown away too unless HEED_VERBOSE is set.
void prepare(mlir::MLIRContext& context);

/// Runs the fusion passes on a copy of `function` and compares on `shapes` random shapes. Returns what differs, "" if
/// nothing does. `fused`: how many heed.attention there are afterwards.
std::string differenceAfterFusion(mlir::func::FuncOp function, unsigned seed, int shapes, int& fused);

}  // namespace heed::test
