// Scalar ops and the identities they obey. Test: tests/passes/fusion/canonicalize.mlir.
#include "heed/passes/fusion/scalars.h"

#include <cmath>

using namespace mlir;

namespace heed::fusion {

Type computedType(Type element) { return isa<FloatType>(element) ? Float32Type::get(element.getContext()) : element; }

std::optional<double> exactReciprocal(double x) {
  int exponent;
  if (!std::isnormal(x) || std::fabs(std::frexp(x, &exponent)) != 0.5 || std::abs(exponent) > 60) return std::nullopt;
  return 1 / x;
}

Value identityOf(Operation* op, ValueRange x) {
  auto is = [&](unsigned n, double number) { return constantOf(x[n]) == number; };
  if (isa<ir::AddOp>(op)) return is(1, 0) ? x[0] : is(0, 0) ? x[1] : Value();
  if (isa<ir::SubOp>(op)) return is(1, 0) ? x[0] : Value();
  if (isa<ir::MulOp>(op)) return is(1, 1) ? x[0] : is(0, 1) ? x[1] : Value();
  if (isa<ir::DivOp>(op)) return is(1, 1) ? x[0] : Value();
  if (isa<ir::AndOp>(op)) {
    for (unsigned n : {0, 1})
      if (auto c = constantOf(x[n])) return *c ? x[1 - n] : x[n];
    return x[0] == x[1] ? x[0] : Value();
  }
  if (isa<ir::OrOp>(op)) {
    for (unsigned n : {0, 1})
      if (auto c = constantOf(x[n])) return *c ? x[n] : x[1 - n];
    return x[0] == x[1] ? x[0] : Value();
  }
  if (isa<ir::NotOp, ir::NegOp>(op)) {
    Operation* inner = x[0].getDefiningOp();
    return inner && inner->getName() == op->getName() ? inner->getOperand(0) : Value();
  }
  if (isa<ir::WhereOp>(op)) {
    if (auto c = constantOf(x[0])) return *c ? x[1] : x[2];
    return x[1] == x[2] ? x[1] : Value();
  }
  if (auto cast = dyn_cast<ir::CastOp>(op))
    return ir::elementOf(x[0].getType()) == ir::elementOf(cast.getType()) ? x[0] : Value();
  return {};
}

Value Scalars::number(Location loc, Type element, double value) {
  return ir::ConstantOp::create(b, loc, computedType(element), value);
}

Value Scalars::index(Location loc, StringRef axis) {
  return ir::IndexOp::create(b, loc, b.getI32Type(), b.getStringAttr(axis));
}

Value Scalars::computed(Location loc, Value x) {
  Type type = computedType(x.getType());
  return x.getType() == type ? x : ir::CastOp::create(b, loc, x, type).getResult();
}

Value Scalars::apply(Operation* like, ValueRange operands) {
  return emit(like->getLoc(), like->getName().getStringRef(), operands,
              computedType(ir::elementOf(like->getResult(0).getType())));
}

Value Scalars::emit(Location loc, StringRef name, ValueRange operands, Type type) {
  OperationState state(loc, name, operands, type);
  Operation* op = b.create(state);
  Value result = identityOf(op, operands);
  SmallVector<Value> folded;
  if (!result && succeeded(b.tryFold(op, folded)) && !folded.empty()) result = folded[0];
  // Constants fold through cast too, which has no folder.
  if (auto number = isa<ir::CastOp>(op) && !result ? constantOf(operands[0]) : std::nullopt)
    result = ir::ConstantOp::create(b, loc, type, cast<ir::Elementwise>(op).scalarMeaning()(&*number));
  if (auto divisor = isa<ir::DivOp>(op) && !result && isa<FloatType>(type) ? constantOf(operands[1]) : std::nullopt)
    if (auto factor = exactReciprocal(*divisor))
      result = make<ir::MulOp>(loc, {operands[0], number(loc, type, *factor)});
  if (!result) return op->getResult(0);
  op->erase();
  return result;
}

}  // namespace heed::fusion
