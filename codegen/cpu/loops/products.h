// Contractions of one operand as tasks: blocks of its rows and of the panels of all right operands, one after another.
//
// A task packs its rows once for all products. Products that read what another stored run in step with it, panel by
// panel: they are a chain. Chains that differ in nothing but their operands are computed by the same code.
//
// Invariant: how the work is divided does not touch the order of any sum. Tests: tests/codegen/loops/products_test.cpp,
// and blocks_test.cpp beside it.
#pragma once

#include "heed/codegen/cpu/loops/contract.h"

namespace heed::codegen {

class Products {
 public:
  using Builder = mlir::ImplicitLocOpBuilder;

  /// One product, or several that canBeOne holds for.
  explicit Products(llvm::ArrayRef<ContractKernel> kernels);
  /// Whether one kernel can compute them: their rows and their depth are the same, no dim is shared, and what one reads
  /// of another it reads at the element that it computes. Not where few rows have a kernel of their own, past which a
  /// right operand streams. Numbers the rows of all alike.
  static bool canBeOne(llvm::MutableArrayRef<ContractKernel> kernels);

  /// Emits the loops at `b`; fails, with a diagnostic, on an epilogue that has no vector form.
  llvm::LogicalResult emit(Builder& b);

 private:
  using Values = llvm::SmallVector<mlir::Value>;
  using Chain = std::vector<ContractKernel>;
  using Alike = std::vector<Chain>;

  ContractKernel& first() { return kinds.front().front().front(); }
  Values block(Builder& b);
  void emitBlocks(Builder& b);
  void emitBlock(Builder& b, ContractKernel::Block block, mlir::ValueRange shared);
  /// Calls `body` for each chain, once for those that are alike; `before` is how many panels the chains before it have.
  void overChains(Builder& b, llvm::function_ref<void(Chain& chain, mlir::Value before)> body);
  /// The n-th of chains that are alike.
  static Chain choose(Builder& b, mlir::Value n, llvm::ArrayRef<Chain> chains);

  std::vector<Alike> kinds;
  int64_t steps = 1;  // of the longest chain
  mlir::Value panelCount, panelsPerBlock;
  bool failed = false;
};

}  // namespace heed::codegen
