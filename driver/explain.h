// What the compiler made of a graph, told at the user's lines.
//
// Invariant: one line per kernel, in the order they run, then one per remark. Test: tests/driver/kernels_test.cpp.
#pragma once

#include <string>

#include "mlir/IR/BuiltinOps.h"

namespace heed {

/// "model.cpp:42", or the module path where there is no file, or "".
std::string userLine(mlir::Location location);

/// Lists the kernels of a module at stage `tiled`; the number of fused attention kernels and of all.
struct Kernels {
  int attention = 0;
  int all = 0;
  std::string text;
};
Kernels listKernels(mlir::ModuleOp tiled);

}  // namespace heed
