// Math in arithmetic. Test: tests/codegen/math/.
#ifndef HEED_CODEGEN_CPU_MATH_PASSES_TD
#define HEED_CODEGEN_CPU_MATH_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExpandMath : Pass<"tile-expand-math"> {
  let summary = "transcendental functions to arith, for scalars and vectors alike: never a call of libm";
  let description = [{
    | op | largest error in f32, ULP | range |
    |---|---|---|
    | exp, exp2 | 1 | all |
    | tanh, erf | 2 | all |
    | log, rsqrt | 2 | all |
    | sin, cos | 2 | abs(x) <= 1e5; absolute error 1e-7 below 2^28, NaN above |

    Denormal numbers count, NaN and infinities give what IEEE 754 says. f16 and bf16 are computed in f32. A scalar and
    a lane of a vector give the same bits.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::vector::VectorDialect",
                           "::mlir::LLVM::LLVMDialect"];
  let options = [Option<"fma", "fma", "bool", "true", "fused multiply-add is one instruction; else product and sum">,
                 Option<"avx512", "avx512", "bool", "false", "erf comes from tables">];
}
#endif
