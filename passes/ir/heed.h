// The heed dialect in C++. See dialect.td, pointwise.td, ops.td and attention.td for what the ops mean.
#pragma once

#include "heed/passes/ir/axes.h"
#include "heed/passes/ir/elements.h"
#include "heed/passes/ir/reference.h"
#include "heed/passes/ir/rows.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/TensorEncoding.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace heed::ir {
class Evaluation;
class Lowering;
}  // namespace heed::ir

#include "heed/passes/ir/dialect.h.inc"
#define GET_ATTRDEF_CLASSES
#include "heed/passes/ir/attributes.h.inc"
#include "heed/passes/ir/interfaces.h.inc"
#define GET_OP_CLASSES
#include "heed/passes/ir/ops.h.inc"
