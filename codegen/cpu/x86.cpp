// x86 intrinsics by their LLVM names: they outlive the renaming of upstream's x86 dialect.
#include "heed/codegen/cpu/x86.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace heed::cpu {

static Value scalef(OpBuilder& b, Location loc, Value mantissa, Value exponent) {
  Type type = mantissa.getType();
  Value all = arith::ConstantOp::create(b, loc, b.getI16IntegerAttr(-1));
  Value rounding = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(4));  // the current mode
  return LLVM::CallIntrinsicOp::create(b, loc, type, b.getStringAttr("llvm.x86.avx512.mask.scalef.ps.512"),
                                       ValueRange{mantissa, exponent, mantissa, all, rounding})
      .getResult(0);
}

Value scaleByPowerOf2(OpBuilder& b, Location loc, const Target& target, Value mantissa, Value exponent) {
  auto type = cast<VectorType>(mantissa.getType());
  if (target.avx512 && type.getShape() == ArrayRef<int64_t>{16}) return scalef(b, loc, mantissa, exponent);
  auto ints = VectorType::get(type.getShape(), b.getI32Type());
  auto splat = [&](int32_t n) {
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(ints, b.getI32IntegerAttr(n))).getResult();
  };
  Value biased = arith::AddIOp::create(b, loc, arith::FPToSIOp::create(b, loc, ints, exponent), splat(127));
  Value power = arith::BitcastOp::create(b, loc, type, arith::ShLIOp::create(b, loc, biased, splat(23)));
  return arith::MulFOp::create(b, loc, mantissa, power);
}

}  // namespace heed::cpu
