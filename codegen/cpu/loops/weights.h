// Weights that contractions read in packed form: which they are, and the functions that pack them.
//
// A weight is an argument of the exported function that is marked `tile.constant`: the same in all calls, until it is
// bound anew. Its packed form becomes another argument, marked `tile.packed` (how the weight's argument is numbered)
// and `tile.pack` (the function); codegen/jit/emit_entry.cpp shows both to the runtime. Where it has few bits,
// `tile.rounded` says how many, how many numbers a word is that products multiply (1: f32; 2: a pair of bf16), and then
// the weight's axes that groups lie along.
//
// Invariant: a weight has at most one packed form; contractions that want another read the weight itself.
// Test: tests/driver/weights_test.cpp.
#pragma once

#include "heed/codegen/cpu/loops/contract.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace heed::codegen {

class Weights {
 public:
  explicit Weights(mlir::ModuleOp module) : module(module) {}
  /// The operand that `op`, of this kernel, reads by panels, in packed form; null if it is no weight.
  mlir::Value packed(tile::ContractOp op, ContractKernel& kernel, const Target& target);

 private:
  struct Packed {
    mlir::BlockArgument weight, argument;
    PackedForm form;
  };
  mlir::BlockArgument argumentFor(mlir::BlockArgument weight, const PackedForm& form, tile::ContractOp op,
                                  const Target& target);
  mlir::func::FuncOp packFunction(const PackedForm& form, tile::ContractOp op, const Target& target);

  mlir::ModuleOp module;
  llvm::SmallVector<Packed> all;
  llvm::SmallVector<std::pair<PackedForm, mlir::func::FuncOp>> functions;
};

}  // namespace heed::codegen
