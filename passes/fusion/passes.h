// The fusion passes. See passes.td. Test: tests/passes/fusion/.
#pragma once

#include "heed/passes/ir/heed.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace heed::fusion {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "heed/passes/fusion/passes.h.inc"

}  // namespace heed::fusion
