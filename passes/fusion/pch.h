// Headers of MLIR that most files of this room include, compiled once.
#pragma once

#include "heed/codegen/tile/tile.h"
#include "heed/passes/ir/heed.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
