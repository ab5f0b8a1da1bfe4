// From a module of the LLVM dialect to code that runs in this process.
//
// Invariant: code lives exactly as long as Compiled::code (or a copy of it). Test: tests/codegen/jit/jit_test.cpp.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "heed/codegen/cpu/target.h"
#include "heed/runtime/abi.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"
#include "mlir/IR/BuiltinOps.h"

namespace heed::codegen {

/// What to emit besides the code, and how hard to try.
struct JitOptions {
  bool optimize = false;  // LLVM's mid-level pipeline at O3; kernels written register by register gain nothing from it
  bool llvmText = false;  // keep the LLVM IR: Compiled::llvm
  bool assemblyText = false;  // keep the assembly: Compiled::assembly
  bool execute = true;        // false: text only, for a machine that is not this one
};

/// Milliseconds of each part.
struct JitTimes {
  double translate = 0, optimize = 0, generate = 0, link = 0;
  double total() const { return translate + optimize + generate + link; }
};

struct Compiled {
  abi::Entry entry = nullptr;
  abi::Pack pack = nullptr;
  std::shared_ptr<const void> code;
  std::vector<std::string> objects;  // the object files that were linked
  std::string llvm, assembly;
  JitTimes times;
};

/// Compiles, on all of the process's cores, `module` (LLVM dialect, with the functions `heed_entry` and `heed_pack`)
/// for `target`. The context needs the dialects and translations of registerCpuDialects. Symbols other than the
/// runtime's two and a handful of the C library's memory functions are refused: a call of libm is an error here, by
/// name.
llvm::Expected<Compiled> jit(mlir::ModuleOp module, const Target& target, const JitOptions& options = {});

/// The back end that makes code for `target`.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>> hostMachineFor(const Target& target);

/// Links object files that jit() made earlier, in this process or another, for this CPU.
llvm::Expected<Compiled> link(std::vector<std::string> objects);

}  // namespace heed::codegen
