// Functions for tasks, and the session that runs them: tile-add-session, then tile-outline-parallel.
//
// After both, no tile.parallel and no dynamic memref.alloc of i8 is left. Test: tests/codegen/attention/outline.mlir.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Pass/Pass.h"

namespace heed::codegen {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "heed/codegen/cpu/base.h.inc"

}  // namespace heed::codegen
