// Everything that only x86 has, in one place. Each emits plain arith where the target lacks the instruction.
//
// A 512-bit intrinsic on a CPU without it aborts the compiler: every one is gated on the Target.
// Test: tests/codegen/attention/attention_test.cpp, on each target.
#pragma once

#include "heed/codegen/cpu/target.h"
#include "mlir/IR/Builders.h"

namespace heed::cpu {

/// mantissa * 2^floor(exponent) for vectors of f32 with integral exponents in [-127, 127].
/// With AVX-512 one instruction, gradual at the ends; else exact for exponents above -127, and 0 at -127.
mlir::Value scaleByPowerOf2(mlir::OpBuilder& b, mlir::Location loc, const Target& target, mlir::Value mantissa,
                            mlir::Value exponent);

}  // namespace heed::cpu
