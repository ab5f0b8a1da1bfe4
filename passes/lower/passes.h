// The lowering passes. See passes.td. Test: tests/passes/lower/.
#pragma once

#include "heed/codegen/tile/tile.h"
#include "heed/passes/ir/heed.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Pass/Pass.h"

namespace heed::ir {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "heed/passes/lower/passes.h.inc"

inline void registerLowerPasses() { registerHeedLowerPasses(); }

}  // namespace heed::ir
