// The way of a graph through the compiler, stage by stage. This is the file to read first.
//
// Invariant: a stage starts from what the one before it left; each has a stable name under which it is dumped.
// Test: tests/driver/pipeline.mlir.
#pragma once

#include <optional>
#include <string>

#include "heed/codegen/cpu/target.h"
#include "heed/codegen/gpu/device.h"
#include "mlir/Pass/PassManager.h"

namespace heed {

/// What runs a graph: a CPU, and where there is a device, that does the work and the CPU tells it what to do.
struct Machine {
  codegen::Target host;
  std::optional<codegen::Device> device;

  /// "cpu:avx512", "cpu:avx512+int8", "cpu:avx512+tiles=0102", "cuda:sm_90a", "cuda:sm_90a+tf32".
  std::string name() const;
};

/// The machine of a name as Machine::name gives it; "cpu" is all that the host has. None of these: nullopt.
std::optional<Machine> machineFor(llvm::StringRef name);
/// The names that there are, for messages.
inline constexpr llvm::StringLiteral machineNames =
    "cpu, cpu:amx, cpu:avx512bf16, cpu:avx512, cpu:avx2, cpu:baseline, which +int8 or +int4 may follow, then +tiles= "
    "and digits, or cuda:sm_80 (86, 89, 90, 90a, ...), which +tf32 may follow";

struct Stage {
  llvm::StringRef name;
  llvm::StringRef summary;
  void (*build)(mlir::OpPassManager&, const Machine&);
};

/// The stages made of passes, in order: graph, heed, fused, tiled, lowered, llvm.
llvm::ArrayRef<Stage> stages();

/// Adds the passes of the stages from `first` to `last`, both included. Fails where they are no stages in that order.
mlir::LogicalResult buildPipeline(mlir::OpPassManager& passes, const Machine& machine, llvm::StringRef first,
                                  llvm::StringRef last);

/// Dialects, passes and --heed-pipeline, for heed-opt and for compile().
void registerDialects(mlir::DialectRegistry& registry);
void registerPasses();

}  // namespace heed
