// The pointwise ops: typing, meaning and lowering of a row of words.td. Test: tests/passes/ir/pointwise_test.cpp.
#include "heed/passes/ir/elements.h"
#include "heed/passes/ir/heed.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace heed::ir {

static std::string spell(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

LogicalResult inferPointwise(std::optional<Location> loc, StringRef op, const PointwiseRow& row, ValueRange operands,
                             SmallVectorImpl<Type>& types) {
  Axes axes;
  bool tensors = isa<RankedTensorType>(operands[0].getType());
  // The condition of a select is i1; what is chosen from has a type of its own.
  ValueRange alike = row.typing == "select" ? operands.drop_front() : operands;
  Type element = elementOf(alike[0].getType());
  for (Value operand : operands) {
    if (isa<RankedTensorType>(operand.getType()) != tensors)
      return emitOptionalError(loc, op, ": operands of types ", operands[0].getType(), " and ", operand.getType(),
                               "; all must be tensors or all scalars");
    if (failed(unite(loc, StringRef(op).drop_front(5), axes, axesOf(operand.getType())))) return failure();
  }
  for (Value operand : alike)
    if (elementOf(operand.getType()) != element)
      return emitOptionalError(loc, op, ": operands of element types ", element, " and ", elementOf(operand.getType()),
                               "; one type is required; cast one of them?");
  if (row.typing == "select" && !elementOf(operands[0].getType()).isInteger(1))
    return emitOptionalError(loc, op, ": the mask is ", elementOf(operands[0].getType()),
                             "; i1 is required; compare it?");
  StringRef lowered = isa<FloatType>(element) ? row.onFloat : row.onInt;
  bool boolean = element.isInteger(1);
  // Masks are equal or they differ; they have no order.
  bool equates = lowered.ends_with(" eq") || lowered.ends_with(" ne");
  bool onMasks = row.typing == "logic" || row.typing == "select" || equates;
  if (lowered.empty() || (row.typing == "logic" && !boolean) || (boolean && !onMasks))
    return emitOptionalError(loc, op, ": is not defined for ", spell(element), "; cast the operands first?");
  Type result = row.typing == "compare" ? Type(IntegerType::get(element.getContext(), 1)) : element;
  types.push_back(tensors ? Type(tensorOf(result, axes)) : result);
  return success();
}

ScalarFunction scalarMeaning(Operation* op, const PointwiseRow& row) {
  Type element = elementOf(op->getOperands().back().getType());
  bool integer = !isa<FloatType>(element);
  if (row.typing == "compare" || !element.isInteger(32) || row.typing == "select")
    return [=](const double* x) { return row.meaning(x, integer); };
  // i32 wraps, as the machine's does.
  return [=](const double* x) -> double {
    return static_cast<int32_t>(static_cast<uint32_t>(static_cast<int64_t>(row.meaning(x, true))));
  };
}

/// x / 0 and x % 0 are 0, and the least integer divided by -1 wraps: hardware would trap on both.
static Value guardDivision(OpBuilder& b, Operation* op) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(op);
  Location loc = op->getLoc();
  Value divisor = op->getOperand(1);
  auto number = [&](int64_t n) { return arith::ConstantOp::create(b, loc, b.getIntegerAttr(divisor.getType(), n)); };
  auto is = [&](int64_t n) { return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, divisor, number(n)); };
  Value zero = is(0), minus = is(-1);
  Value unsafe = arith::OrIOp::create(b, loc, zero, minus);
  op->setOperand(1, arith::SelectOp::create(b, loc, unsafe, number(1), divisor));
  b.setInsertionPointAfter(op);
  Value sign = arith::SelectOp::create(b, loc, minus, number(-1), number(1));
  Value quotient = arith::MulIOp::create(b, loc, op->getResult(0), sign);
  return arith::SelectOp::create(b, loc, zero, number(0), quotient);
}

Value lowerScalar(Operation* op, const PointwiseRow& row, OpBuilder& b, ValueRange elements) {
  Type element = elements.back().getType();
  auto [name, extra] = StringRef(isa<FloatType>(element) ? row.onFloat : row.onInt).split(' ');
  OperationState state(op->getLoc(), name);
  state.addOperands(elements);
  state.addTypes(row.typing == "compare" ? b.getI1Type() : element);
  int64_t last;
  if (auto predicate = arith::symbolizeCmpFPredicate(extra); predicate && isa<FloatType>(element))
    state.addAttribute("predicate", arith::CmpFPredicateAttr::get(b.getContext(), *predicate));
  else if (auto ordered = arith::symbolizeCmpIPredicate(extra))
    state.addAttribute("predicate", arith::CmpIPredicateAttr::get(b.getContext(), *ordered));
  else if (!extra.getAsInteger(10, last))
    state.addOperands(arith::ConstantOp::create(b, op->getLoc(), numberAttr(element, last)).getResult());
  Operation* made = b.create(state);
  return isa<arith::DivSIOp, arith::RemSIOp>(made) ? guardDivision(b, made) : made->getResult(0);
}

OpFoldResult foldScalar(Operation* op, ArrayRef<Attribute> operands) {
  Type type = op->getResult(0).getType();
  if (!axesOf(type).empty() || llvm::is_contained(operands, Attribute())) return {};
  SmallVector<double> x = llvm::map_to_vector(operands, numberOf);
  return numberAttr(elementOf(type), cast<Elementwise>(op).scalarMeaning()(x.data()));
}

}  // namespace heed::ir
