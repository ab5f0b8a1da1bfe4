// constant, index, cast. Test: tests/passes/ir/pointwise_test.cpp.
#include "heed/passes/ir/heed.h"
#include "heed/passes/ir/interpret.h"
#include "heed/passes/ir/lowering.h"

using namespace mlir;

namespace heed::ir {

// ---- constant

void ConstantOp::build(OpBuilder&, OperationState& state, Type type, double value) {
  state.addTypes(type);
  state.getOrAddProperties<Properties>().value = numberAttr(elementOf(type), value);
}

LogicalResult ConstantOp::verify() {
  Type type = getResult().getType();
  if (!axesOf(type).empty())
    return emitOpError() << "a constant has no axes; it has " << describe(axesOf(type)) << "; use heed.along?";
  if (!isa<FloatAttr, IntegerAttr>(getValue()) || getValue().getType() != elementOf(type))
    return emitOpError() << "the value is " << getValue() << "; a number of type " << elementOf(type) << " is required";
  return success();
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }
SmallVector<Reference> ConstantOp::evaluate(ArrayRef<Reference>, Evaluation&) {
  return {Reference(numberOf(getValue()))};
}
LogicalResult ConstantOp::lower(Lowering& lowering) { return lowerElements(*this, lowering); }

ScalarFunction ConstantOp::scalarMeaning() {
  return [value = numberOf(getValue())](const double*) { return value; };
}

Value ConstantOp::lowerScalar(OpBuilder& b, ValueRange) { return arith::ConstantOp::create(b, getLoc(), getValue()); }

// ---- index

LogicalResult IndexOp::verify() {
  Type type = getResult().getType();
  if (!elementOf(type).isInteger(32)) return emitOpError() << "gives i32, not " << elementOf(type);
  Axes axes = axesOf(type);
  bool tensor = isa<RankedTensorType>(type);
  if (tensor && (axes.size() != 1 || axes[0].name != getAxis()))
    return emitOpError() << "of axis " << getAxis() << " has that one axis; the result has " << describe(axes);
  if (!tensor && !isa<AttentionOp>(getOperation()->getParentOp()))
    return emitOpError("the current position along an axis is known only in a region of heed.attention");
  return success();
}

SmallVector<Reference> IndexOp::evaluate(ArrayRef<Reference>, Evaluation& evaluation) {
  Reference out({getAxis().str()}, {evaluation.extent(*this, axesOf(getResult().getType())[0])});
  for (int64_t i = 0; i < out.size(); ++i) out.data[i] = i;
  return {out};
}

LogicalResult IndexOp::lower(Lowering& lowering) { return lowerElements(*this, lowering); }

// ---- cast

LogicalResult CastOp::verify() {
  Type from = getX().getType(), to = getResult().getType();
  if (!sameAxes(withElement(from, elementOf(to)), to))
    return emitOpError() << "changes only the element type; the operand has axes " << describe(axesOf(from))
                         << ", the result " << describe(axesOf(to));
  return success();
}

SmallVector<Reference> CastOp::evaluate(ArrayRef<Reference> x, Evaluation&) { return {evaluateElements(*this, x)}; }
LogicalResult CastOp::lower(Lowering& lowering) { return lowerElements(*this, lowering); }

ScalarFunction CastOp::scalarMeaning() {
  Type from = elementOf(getX().getType()), to = elementOf(getResult().getType());
  if (to.isInteger(1)) return [](const double* x) -> double { return x[0] != 0; };
  if (!to.isInteger(32) || !isa<FloatType>(from)) return [](const double* x) { return x[0]; };
  return [](const double* x) {
    return std::isnan(x[0]) ? 0 : std::trunc(std::fmin(std::fmax(x[0], INT32_MIN), INT32_MAX));
  };
}

Value CastOp::lowerScalar(OpBuilder& b, ValueRange elements) {
  Location loc = getLoc();
  Value x = elements[0];
  Type from = x.getType(), to = elementOf(getResult().getType());
  auto number = [&](Type type, double n) -> Value { return arith::ConstantOp::create(b, loc, numberAttr(type, n)); };
  if (from == to) return x;
  if (to.isInteger(1) && isa<FloatType>(from))
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, x, number(from, 0));
  if (to.isInteger(1)) return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, x, number(from, 0));
  if (from.isInteger(1) && to.isInteger(32)) return arith::ExtUIOp::create(b, loc, to, x);
  if (from.isInteger(1) || from.isInteger(32)) {
    Type wide = to.isBF16() ? Type(b.getF32Type()) : to;  // bf16 is storage: what it holds was f32
    x = from.isInteger(1) ? arith::UIToFPOp::create(b, loc, wide, x).getResult()
                          : arith::SIToFPOp::create(b, loc, wide, x).getResult();
    return wide == to ? x : arith::TruncFOp::create(b, loc, to, x).getResult();
  }
  if (!to.isInteger(32)) {
    bool wider = from.getIntOrFloatBitWidth() < to.getIntOrFloatBitWidth();
    if (from.getIntOrFloatBitWidth() == to.getIntOrFloatBitWidth()) {
      Value wide = arith::ExtFOp::create(b, loc, b.getF32Type(), x);  // f16 and bf16 meet in f32
      return arith::TruncFOp::create(b, loc, to, wide);
    }
    return wider ? arith::ExtFOp::create(b, loc, to, x).getResult()
                 : arith::TruncFOp::create(b, loc, to, x).getResult();
  }
  // Saturating by hand: the conversion itself is undefined outside of i32.
  Type f32 = b.getF32Type();
  if (from != f32) x = arith::ExtFOp::create(b, loc, f32, x);
  Value above = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGE, x, number(f32, 2147483648.0));
  Value below = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ULT, x, number(f32, -2147483648.0));
  Value nan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x);
  Value outside = arith::OrIOp::create(b, loc, above, below);
  Value safe = arith::SelectOp::create(b, loc, outside, number(f32, 0), x);
  Value inside = arith::FPToSIOp::create(b, loc, to, safe);
  Value high = arith::SelectOp::create(b, loc, above, number(to, INT32_MAX), inside);
  Value low = arith::SelectOp::create(b, loc, below, number(to, INT32_MIN), high);
  return arith::SelectOp::create(b, loc, nan, number(to, 0), low);
}

}  // namespace heed::ir
