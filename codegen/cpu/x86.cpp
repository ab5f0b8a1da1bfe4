// Each intrinsic with a full mask.
#include "heed/codegen/cpu/x86.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace heed::codegen {

bool has512(const Target& target, Value x) {
  auto vector = dyn_cast<VectorType>(x.getType());
  return target.avx512 && vector && vector.getNumElements() == 16 && vector.getElementType().isF32();
}

static Value call(OpBuilder& b, Location loc, StringRef name, Value x, Value y) {
  Value all = arith::ConstantOp::create(b, loc, b.getI16IntegerAttr(-1));
  Value rounding = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(4));  // the current mode
  return LLVM::CallIntrinsicOp::create(b, loc, x.getType(), b.getStringAttr(name), ValueRange{x, y, x, all, rounding})
      .getResult(0);
}

Value fraction512(OpBuilder& b, Location loc, Value x) {
  Value down = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(1));  // round to whole numbers, downwards
  return call(b, loc, "llvm.x86.avx512.mask.reduce.ps.512", x, down);
}

Value scale512(OpBuilder& b, Location loc, Value mantissa, Value exponent) {
  return call(b, loc, "llvm.x86.avx512.mask.scalef.ps.512", mantissa, exponent);
}

Value dotPairs512(OpBuilder& b, Location loc, Value sum, Value x, Value y) {
  auto pairs = [&](Value v) {
    return LLVM::BitcastOp::create(b, loc, VectorType::get({32}, b.getBF16Type()), v).getResult();
  };
  return LLVM::CallIntrinsicOp::create(b, loc, sum.getType(), b.getStringAttr("llvm.x86.avx512bf16.dpbf16ps.512"),
                                       ValueRange{sum, pairs(x), pairs(y)})
      .getResult(0);
}

}  // namespace heed::codegen
