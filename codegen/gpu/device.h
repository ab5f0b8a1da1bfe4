// The chips we compile for. No MLIR here: the driver asks by name.
//
// Test: tests/driver/cuda_test.cpp.
#pragma once

#include <optional>
#include <string>

#include "llvm/ADT/StringRef.h"

namespace heed::codegen {

/// Behind the name of a chip: products of f32 may be made in tf32.
inline constexpr llvm::StringLiteral inTf32 = "+tf32";

/// A generation of NVIDIA GPUs. `exact` code (sm_90a) runs on that generation only and may use all it has; other code
/// runs on later ones too.
struct Device {
  int generation = 80;  // 80 is Ampere, 90 Hopper
  bool exact = false;
  int processors = 0;  // that it has, if not as many as usual
  bool tf32 = false;   // whether f32 is multiplied in tf32, which has 11 bits of its 24; sums are f32 all the same

  /// "sm_90a": what LLVM and ptxas call it.
  std::string chip() const { return "sm_" + std::to_string(generation) + (exact ? "a" : ""); }
  /// "sm_90a+tf32": the chip, and what was asked for beside it.
  std::string name() const { return chip() + (tf32 ? inTf32.str() : ""); }
  /// Of a GPU of the generation. Not of the one that is here: results must not depend on it.
  int multiprocessors() const;
  /// The oldest version of PTX that has what we emit, ten times: drivers refuse newer ones than their own.
  int ptx() const;
};

/// The device of a name such as "sm_80" or "sm_80+tf32"; nullopt where we emit no code for it (before sm_80, or none
/// there is).
std::optional<Device> deviceFor(llvm::StringRef name);

/// What to compile for on a GPU of this generation, which may be one that we do not know: then for one before it.
Device deviceOf(int generation);

}  // namespace heed::codegen
