// Replaces each math op by its formula.
//
// Invariant: what stays of the math dialect is one instruction or a few on the target. Test: tests/codegen/math/.
#include "heed/codegen/cpu/math/functions.h"
#include "heed/codegen/cpu/math/passes.h"
#include "llvm/ADT/TypeSwitch.h"

namespace heed::codegen {

#define GEN_PASS_DEF_EXPANDMATH
#include "heed/codegen/cpu/math/passes.h.inc"

namespace {

using namespace mlir;
using Function = Real (*)(Real);

Function functionOf(Operation* op, bool fma) {
  return llvm::TypeSwitch<Operation*, Function>(op)
      .Case([](math::ExpOp) { return exp; })
      .Case([](math::Exp2Op) { return exp2; })
      .Case([](math::TanhOp) { return tanh; })
      .Case([](math::ErfOp) { return erf; })
      .Case([](math::LogOp) { return log; })
      .Case([](math::SinOp) { return sin; })
      .Case([](math::CosOp) { return cos; })
      .Case([](math::RsqrtOp) { return rsqrt; })
      .Case([&](math::FloorOp) { return fma ? nullptr : floor; })  // AVX has roundps
      .Default([](Operation*) { return nullptr; });
}

/// Math ops that the back end has instructions for.
bool isNative(Operation* op, bool fma) {
  if (isa<math::FloorOp, math::CeilOp, math::TruncOp, math::RoundEvenOp, math::FmaOp>(op)) return fma;
  return isa<math::AbsFOp, math::AbsIOp, math::SqrtOp, math::CopySignOp, math::CtPopOp>(op);
}

struct ExpandMath : impl::ExpandMathBase<ExpandMath> {
  using ExpandMathBase::ExpandMathBase;

  void runOnOperation() override {
    SmallVector<Operation*> ops;
    getOperation()->walk([&](Operation* op) {
      if (isa<math::MathDialect>(op->getDialect())) ops.push_back(op);
    });
    for (Operation* op : ops)
      if (failed(expand(op))) return signalPassFailure();
  }

  LogicalResult expand(Operation* op) {
    Function function = functionOf(op, fma);
    if (!function) {
      if (isNative(op, fma)) return success();
      return op->emitOpError(
          "has no expansion; exp, exp2, tanh, erf, log, sin, cos, rsqrt, floor, sqrt, absf are possible");
    }
    Type type = op->getResult(0).getType(), element = getElementTypeOrSelf(type);
    if (!element.isF32() && !element.isF16() && !element.isBF16())
      return op->emitOpError() << "is on " << element << "; f32, f16 and bf16 are possible";
    ImplicitLocOpBuilder b(op->getLoc(), op);
    Formula formula{b, fma, avx512};
    Value x = op->getOperand(0);
    if (!element.isF32()) x = arith::ExtFOp::create(b, shaped(type, b.getF32Type()), x);
    Value y = function(Real(&formula, x)).value;
    if (!element.isF32()) y = arith::TruncFOp::create(b, type, y);
    op->getResult(0).replaceAllUsesWith(y);
    op->erase();
    return success();
  }
};

}  // namespace
}  // namespace heed::codegen
