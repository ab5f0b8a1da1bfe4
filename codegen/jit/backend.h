// LLVM's part of making code: the mid-level optimiser and the back end, for any target.
#pragma once

#include <string>

#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

namespace heed::codegen {

/// What becomes of the addresses in loops. Reducing their strength takes a fifth of the back end's work (instructions
/// counted for attention on AVX2), the analyses that it asks for among it.
enum class Addresses { asStated, reduced };

llvm::Error backendFailure(const llvm::Twine& message);
/// The default pipeline at O3.
void optimizeModule(llvm::Module& module, llvm::TargetMachine& machine);
/// Runs the back end. It changes the module, so whoever needs it again passes a clone.
llvm::Error generate(llvm::Module& module, llvm::TargetMachine& machine, llvm::CodeGenFileType type,
                     llvm::SmallVectorImpl<char>& out, Addresses addresses = Addresses::reduced);
std::string textOf(const llvm::Module& module);

}  // namespace heed::codegen
