// Transposes a square of vectors by shuffles between pairs: lanes vectors of lanes elements, lanes a power of two.
//
// Two short loops over memory instead of one long sequence: a quarter of the shuffles, which the back end is slow to
// select. Test: tests/codegen/attention/attention_test.cpp (every operand passes through it).
#pragma once

#include "mlir/IR/Builders.h"

namespace heed::codegen {

/// Line n of what `read` gives becomes column n of the square that `load` and `store` address by line; every line of it
/// is stored twice.
struct Square {
  llvm::function_ref<mlir::Value(mlir::Value line)> read, load;
  llvm::function_ref<void(mlir::Value line, mlir::Value vector)> store;
};
void transpose(mlir::OpBuilder& b, mlir::Location loc, int64_t lanes, const Square& square);

}  // namespace heed::codegen
