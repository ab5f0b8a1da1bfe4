// x % y, exactly: what a device has is x - trunc(x / y) y, which is wrong once x / y has more bits than a number.
//
// In f64, where x and y are exact: each step takes away a multiple of y, of 52 bits and never too large, without an
// error (the difference is a multiple of the last bit of y and has no more than 53); six steps reach any quotient of
// two f32.
#include "heed/codegen/gpu/kernels.h"
#include "heed/codegen/gpu/thread.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace heed::codegen::gpu {

using namespace mlir;

static Value remainder(Builder& b, Value x, Value y) {
  Type type = x.getType(), wide = b.getF64Type();
  auto number = [&](double c) -> Value { return arith::ConstantOp::create(b, b.getF64FloatAttr(c)); };
  auto single = [&](Value v) -> Value {
    return type.isF32() ? v : arith::ExtFOp::create(b, b.getF32Type(), v).getResult();
  };
  auto magnitude = [&](Value v) -> Value { return math::AbsFOp::create(b, arith::ExtFOp::create(b, wide, single(v))); };
  Value whole = magnitude(x), by = magnitude(y), rest = whole;
  for (int step = 0; step < 6; ++step) {
    Value quotient = arith::MulFOp::create(b, arith::DivFOp::create(b, rest, by), number(1 - 0x1p-51));
    quotient = math::TruncOp::create(b, quotient);
    rest = math::FmaOp::create(b, arith::NegFOp::create(b, quotient), by, rest);
  }
  for (int step = 0; step < 2; ++step) {  // the quotients were a little too small
    Value more = arith::CmpFOp::create(b, arith::CmpFPredicate::OGE, rest, by);
    rest = arith::SelectOp::create(b, more, arith::SubFOp::create(b, rest, by), rest);
  }
  // Any number is its own remainder by infinity, and an infinite one has none.
  Value endless = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, by, number(INFINITY));
  Value finite = arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, whole, number(INFINITY));
  rest = arith::SelectOp::create(b, arith::AndIOp::create(b, endless, finite), whole, rest);
  Value result = math::CopySignOp::create(b, arith::TruncFOp::create(b, b.getF32Type(), rest), single(x));
  return type.isF32() ? result : arith::TruncFOp::create(b, type, result).getResult();  // no more bits than x or y
}

void expandRemainders(Operation* within) {
  SmallVector<arith::RemFOp> ops;
  within->walk([&](arith::RemFOp op) { ops.push_back(op); });
  for (arith::RemFOp op : ops) {
    Builder b(op.getLoc(), op);
    op.replaceAllUsesWith(remainder(b, op.getLhs(), op.getRhs()));
    op.erase();
  }
}

}  // namespace heed::codegen::gpu
