// The passes of this room; see passes.td.
#pragma once

#include <string>

#include "heed/codegen/tile/device.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Pass/Pass.h"

namespace heed::codegen::gpu {

#define GEN_PASS_DECL
#include "heed/codegen/gpu/passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "heed/codegen/gpu/passes.h.inc"

/// Where outlined kernels stand, and the names that host code knows the device's code and its kernels by.
inline constexpr llvm::StringLiteral deviceModule = "device", deviceImage = "heed_image";

}  // namespace heed::codegen::gpu
