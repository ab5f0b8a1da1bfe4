// The pass of this room; see passes.td.
#pragma once

#include <memory>

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace heed::codegen {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "heed/codegen/cpu/math/passes.h.inc"

}  // namespace heed::codegen
