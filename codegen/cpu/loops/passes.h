// The passes of this room; see passes.td.
#pragma once

#include <memory>
#include <string>

#include "heed/codegen/cpu/target.h"
#include "heed/codegen/tile/tile.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace heed::codegen {

#define GEN_PASS_DECL
#include "heed/codegen/cpu/loops/passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "heed/codegen/cpu/loops/passes.h.inc"

}  // namespace heed::codegen
