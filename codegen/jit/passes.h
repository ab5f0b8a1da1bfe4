// The passes of this room; see passes.td.
#pragma once

#include <memory>

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/Pass.h"

namespace heed::codegen {

#define GEN_PASS_DECL
#include "heed/codegen/jit/passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "heed/codegen/jit/passes.h.inc"

}  // namespace heed::codegen
