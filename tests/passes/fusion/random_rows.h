// Random chains of pointwise ops, reductions and contractions. Test: meaning_test.cpp, ../lower/compiled_test.cpp.
#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace heed::test {

/// One function of several results on axes a, b (run-time extents A, B) and c (5). The same seed gives the same one.
mlir::OwningOpRef<mlir::ModuleOp> randomRows(mlir::MLIRContext& context, unsigned seed);

}  // namespace heed::test
