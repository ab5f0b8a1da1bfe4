// Headers that most files on the way from the tape to tiles include, compiled once.
#pragma once

#include "heed/codegen/tile/tile.h"
#include "heed/passes/ir/heed.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Pass/Pass.h"
