// The chips we compile for. No MLIR here: the driver asks by name.
//
// Test: tests/driver/cuda_test.cpp.
#pragma once

#include <optional>
#include <string>

#include "llvm/ADT/StringRef.h"

namespace heed::codegen {

/// A generation of NVIDIA GPUs. `exact` code (sm_90a) runs on that generation only and may use all it has; other code
/// runs on later ones too.
struct Device {
  int generation = 80;  // 80 is Ampere, 90 Hopper
  bool exact = false;
  int processors = 0;  // that it has, if not as many as usual

  /// "sm_90a".
  std::string name() const { return "sm_" + std::to_string(generation) + (exact ? "a" : ""); }
  /// Of a GPU of the generation. Not of the one that is here: results must not depend on it.
  int multiprocessors() const;
  /// The oldest version of PTX that has what we emit, ten times: drivers refuse newer ones than their own.
  int ptx() const { return generation >= 120 ? 87 : generation >= 100 ? 86 : generation >= 90 ? 80 : 71; }
};

/// The device of a name such as "sm_80"; nullopt where we emit no code for it (before sm_80, or none there is).
std::optional<Device> deviceFor(llvm::StringRef name);

/// What to compile for on a GPU of this generation, which may be one that we do not know: then for one before it.
Device deviceOf(int generation);

}  // namespace heed::codegen
