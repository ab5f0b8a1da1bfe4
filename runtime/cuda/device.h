// An NVIDIA GPU as a session's device: the first one that the driver shows (CUDA_VISIBLE_DEVICES chooses).
//
// Invariant: the context that was current before a call is current after it, and what was made here is given back.
// Read tests/runtime/cuda/device_test.cpp.
#pragma once

#include <memory>
#include <string>

#include "heed/runtime/cuda/driver.h"
#include "heed/runtime/device.h"

namespace heed::cuda {

/// What the code was made for.
struct Code {
  int generation;  // 90 for sm_90
  bool exact;      // sm_90a: runs on 9.0 only; otherwise on that and later ones
  int ptx;         // its version of PTX, ten times
  std::string name() const { return "sm_" + std::to_string(generation) + (exact ? "a" : ""); }
};

/// Of the GPU that there is: 90 for compute capability 9.0. Throws heed::Error where there is no driver or no GPU.
int generation();
int generation(const Driver& driver);

/// Its name, "NVIDIA H100 80GB HBM3".
std::string name();

/// Throws heed::Error where there is no driver or no GPU, the driver is too old for the code, or the GPU is another.
std::unique_ptr<Device> open(const Code& code);
std::unique_ptr<Device> open(const Code& code, const Driver& driver);

}  // namespace heed::cuda
