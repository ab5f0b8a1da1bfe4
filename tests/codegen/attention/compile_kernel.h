// For tests: the text of a module with tile.attention, compiled for a target, with times and texts.
//
// Read attention_test.cpp for its use.
#pragma once

#include <string>

#include "heed/codegen/cpu/attention/attention.h"
#include "heed/codegen/jit/jit.h"

namespace heed::testing {

struct CompiledKernel {
  codegen::Compiled code;
  double parseMs = 0, emitMs = 0, lowerMs = 0, jitMs = 0;  // text; tile to loops; to LLVM dialect; code
  std::string lowered;                                     // IR after the emitter, when asked for
};

/// Throws std::runtime_error with the diagnostics.
CompiledKernel compileKernel(const std::string& text, const codegen::Target& target,
                             const codegen::TileLowerAttentionOptions& options = {},
                             const codegen::JitOptions& jit = {}, bool keepLowered = false);

}  // namespace heed::testing
