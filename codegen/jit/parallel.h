// The back end's work on one module, shared by threads.
//
// Test: tests/codegen/jit/jit_test.cpp.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "heed/codegen/jit/backend.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

namespace heed::codegen {

/// How each thread's back end is set up.
struct BackEnd {
  std::function<llvm::Expected<std::unique_ptr<llvm::TargetMachine>>()> machine;
  Addresses addresses;
};

/// Object files that together are `module`, one for each of at most `threads` parts of its functions. A module of
/// several parts has no local symbols left, as a part may ask for what another has; its name makes them its own.
/// Functions do not depend on how many parts there are: nothing is optimised across them.
llvm::Expected<std::vector<std::string>> generateObjects(std::unique_ptr<llvm::Module> module, const BackEnd& backEnd,
                                                         unsigned threads);

}  // namespace heed::codegen
