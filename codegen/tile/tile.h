// The tile dialect in C++. See tile.td for what the ops mean.
#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "heed/codegen/tile/dialect.h.inc"
#define GET_TYPEDEF_CLASSES
#include "heed/codegen/tile/types.h.inc"
#define GET_OP_CLASSES
#include "heed/codegen/tile/ops.h.inc"
