// What a graph is like, for those who judge its results.
//
// Invariant: of stage `graph`, before any pass. Test: tests/driver/compile_test.cpp, tests/driver/rounded_test.cpp.
#pragma once

#include <string>

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace heed {

/// Whether one product reads `value`, perhaps under other names, in each copy of a block, and nothing else does.
bool isReadByOneProduct(mlir::Value value);

/// The first op that makes much of a small difference, for it compares computed numbers or cuts them to whole ones:
/// "`lt` at model.cpp:42"; "" where there is none.
std::string firstJump(mlir::func::FuncOp function);

}  // namespace heed
