// The pass of this room; see passes.td.
#pragma once

#include <string>

#include "heed/codegen/tile/tile.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace heed::codegen {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "heed/codegen/cpu/rows/passes.h.inc"

}  // namespace heed::codegen
