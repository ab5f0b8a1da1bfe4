// Everything that only x86 has, in one place, by the intrinsics' LLVM names: they outlive a renamed dialect.
//
// A 512-bit intrinsic on a CPU without it aborts the compiler: ask has512 first.
// Test: tests/codegen/attention/attention_test.cpp, on each target.
#pragma once

#include "heed/codegen/cpu/target.h"
#include "mlir/IR/Builders.h"

namespace heed::codegen {

/// Whether the functions below may be used on `x`.
bool has512(const Target& target, mlir::Value x);

/// x - floor(x), in [0, 1]; 0 for an infinity.
mlir::Value fraction512(mlir::OpBuilder& b, mlir::Location loc, mlir::Value x);

/// mantissa * 2^floor(exponent), gradual at both ends; 0 for -inf.
mlir::Value scale512(mlir::OpBuilder& b, mlir::Location loc, mlir::Value mantissa, mlir::Value exponent);

/// sum + the products of bf16 pairs in x and y, lane by lane: vectors of 512 bits, each 32 bits of x and y a pair. Two
/// fused multiply-adds, denormals are 0. Only where target.bf16.
mlir::Value dotPairs512(mlir::OpBuilder& b, mlir::Location loc, mlir::Value sum, mlir::Value x, mlir::Value y);

/// A matrix register: 16 rows of 64 bytes of `memory`, from element `position` on, `pitch` elements apart. Only where
/// target.amx, like all that follow.
mlir::Value loadMatrix(mlir::OpBuilder& b, mlir::Location loc, mlir::Value memory, mlir::Value position,
                       mlir::Value pitch);
void storeMatrix(mlir::OpBuilder& b, mlir::Location loc, mlir::Value matrix, mlir::Value memory, mlir::Value position,
                 mlir::Value pitch);
mlir::Value zeroMatrix(mlir::OpBuilder& b, mlir::Location loc);

/// sum + x y: sum[i][j] in f32, and x[i][k] and y[k][j] pairs of bf16 of which the first and the second numbers are
/// multiplied. The products of the first numbers are summed from 0 on, by k, and those of the second; then the two
/// sums are added, and that to `sum`. Denormals are 0.
mlir::Value dotMatrices(mlir::OpBuilder& b, mlir::Location loc, mlir::Value sum, mlir::Value x, mlir::Value y);

/// Stores lanes past the caches, which need not read the line first. They begin at a multiple of their size.
void storePast(mlir::OpBuilder& b, mlir::Location loc, mlir::Value lanes, mlir::Value memory, mlir::Value position);
/// What was stored past the caches is seen before what is stored from here on.
void orderStores(mlir::OpBuilder& b, mlir::Location loc);

/// sum + x / y, within 2 units in the last place of the quotient; for 2^-120 < y < 2^120.
mlir::Value addQuotient(const Target& target, mlir::OpBuilder& b, mlir::Location loc, mlir::Value sum, mlir::Value x,
                        mlir::Value y);

/// table[index mod its size] of sixteen indices (i32); the size is 16 or 32.
mlir::Value lookUp512(mlir::OpBuilder& b, mlir::Location loc, llvm::ArrayRef<float> table, mlir::Value index);

/// No vector register holds anything from here on that it held before. LLVM hoists constants out of every loop, and
/// then spills the sums of a loop that uses none of them.
void freeRegisters(mlir::OpBuilder& b, mlir::Location loc, const Target& target);

/// Sixteen numbers to the nearest bf16, the even one of two; denormal ones to 0. Only where target.bf16.
mlir::Value toBf16(mlir::OpBuilder& b, mlir::Location loc, mlir::Value x);
/// Two such vectors as pairs, lane by lane: sixteen words, as f32.
mlir::Value toPairs(mlir::OpBuilder& b, mlir::Location loc, mlir::Value first, mlir::Value second);

}  // namespace heed::codegen
