// A model written in f32, kept in bf16 or f16: its parameters, its states, and all that is made of them.
//
// Invariant: inputs and results stay as they are declared, and so does what is made of positions and numbers alone: an
// angle of a rotation is no less exact for it. A sum is f32, and so is what elementwise ops make of it, a norm for example,
// until it is rounded for what reads it. Test: tests/passes/import/narrow_test.cpp.
#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace heed {

/// Every f32 of the function becomes an `element`.
void narrow(mlir::ModuleOp module, mlir::Type element);

}  // namespace heed
