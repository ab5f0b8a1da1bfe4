// From kernels in the LLVM dialect to the text that a driver loads.
//
// Invariant: PTX is made by LLVM alone; no part of CUDA is needed. Test: tests/driver/cuda_test.cpp.
#pragma once

#include <string>

#include "heed/codegen/gpu/device.h"
#include "llvm/Support/Error.h"
#include "mlir/IR/BuiltinOps.h"

namespace heed::codegen {

struct Image {
  std::string ptx;
  std::string llvm;  // the LLVM IR it was made from, where it was asked for
};

/// Takes the kernels out of `module` (LLVM dialect) and puts their PTX in as a constant of the host, where heed_launch
/// finds it. A module without kernels stays as it is.
llvm::Expected<Image> embedImage(mlir::ModuleOp module, const Device& device, bool llvmText = false);

}  // namespace heed::codegen
