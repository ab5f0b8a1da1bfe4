#include "heed/passes/fusion/distribute.h"

#include "heed/passes/fusion/site.h"

using namespace mlir;

namespace heed::fusion {

/// A sum or difference that one contraction reads, and whose two sides have its axes.
static Operation* sumOf(Value x) {
  Operation* op = x.getDefiningOp();
  if (!isa_and_nonnull<ir::AddOp, ir::SubOp>(op) || !x.hasOneUse()) return nullptr;
  bool whole = llvm::all_of(op->getOperands(), [&](Value side) { return ir::sameAxes(side.getType(), x.getType()); });
  return whole ? op : nullptr;
}

/// Whether x is a multiple of one softmax, or a sum of such that is made for one reader.
static bool isSumOfMultiples(Value x, ArrayRef<StringRef> contracted) {
  SmallVector<Renamed> found = softmaxesOver(contracted, {x});
  if (found.size() == 1) return isMultiple({x}, found[0].value);
  Operation* sum = found.empty() ? nullptr : sumOf(x);
  return sum && llvm::all_of(sum->getOperands(), [&](Value side) { return isSumOfMultiples(side, contracted); });
}

/// Whether attention can be formed of each part of the contraction, whose weights this operand is.
static bool isDistributed(ir::ContractOp contraction, OpOperand& weights) {
  SmallVector<StringRef> contracted = ir::namesOf(contraction.getAxes());
  SmallVector<Renamed> found = softmaxesOver(contracted, {weights.get()});
  Type value = contraction->getOperand(1 - weights.getOperandNumber()).getType();
  return found.size() > 1 && isSumOfMultiples(weights.get(), contracted) &&
         llvm::all_of(found, [&](const Renamed& softmax) {
           StringRef key = softmax.name(cast<ir::SoftmaxOp>(softmax.op()).getAxis());
           return softmax.op()->getBlock() == contraction->getBlock() && ir::has(ir::axesOf(value), key);
         });
}

/// A multiple of one softmax among the terms of a sum.
struct Term {
  Value weights;
  bool subtracted;
};
static void collectTerms(Value x, bool subtracted, ArrayRef<StringRef> contracted, SmallVectorImpl<Term>& terms) {
  if (softmaxesOver(contracted, {x}).size() == 1) return terms.push_back({x, subtracted});
  Operation* sum = x.getDefiningOp();
  collectTerms(sum->getOperand(0), subtracted, contracted, terms);
  collectTerms(sum->getOperand(1), subtracted != isa<ir::SubOp>(sum), contracted, terms);
}

/// The weights, and what all of a row are multiplied by, which is left for the result.
static std::pair<Value, Value> withoutFactor(Value x, Type result) {
  auto product = x.getDefiningOp<ir::MulOp>();
  for (unsigned n = 0; product && n < 2; ++n) {
    Value weights = product->getOperand(n), factor = product->getOperand(1 - n);
    bool ofRows = llvm::all_of(ir::axesOf(factor.getType()),
                               [&](const ir::Axis& axis) { return ir::has(ir::axesOf(result), axis.name); });
    if (ofRows && ir::sameAxes(weights.getType(), x.getType())) return {weights, factor};
  }
  return {x, {}};
}

/// One contraction for each term of the sum that `operand` is. What they give is summed in f32: of two large results
/// the difference may be small.
static void split(ir::ContractOp contraction, OpOperand& operand) {
  OpBuilder b(contraction);
  Location loc = contraction.getLoc();
  auto wide = [&](Value x) -> Value {
    return ir::elementOf(x.getType()).isF32() ? x : ir::CastOp::create(b, loc, x, b.getF32Type()).getResult();
  };
  Type whole = operand.get().getType(), result = contraction.getType();
  Type sums = ir::withElement(result, b.getF32Type());
  SmallVector<Term> terms;
  collectTerms(operand.get(), false, ir::namesOf(contraction.getAxes()), terms);
  Value total;
  for (const Term& term : terms) {
    auto [weights, factor] = withoutFactor(term.weights, result);
    if (weights.getType() != whole) weights = ir::PermuteOp::create(b, loc, whole, weights);
    Value factors[2] = {contraction.getLhs(), contraction.getRhs()};
    factors[operand.getOperandNumber()] = weights;
    Value part = ir::ContractOp::create(b, loc, sums, wide(factors[0]), wide(factors[1]), contraction.getAxes());
    if (factor) part = ir::MulOp::create(b, loc, sums, part, wide(factor));
    if (!total)
      total = part;
    else
      total = term.subtracted ? ir::SubOp::create(b, loc, sums, total, part).getResult()
                              : ir::AddOp::create(b, loc, sums, total, part).getResult();
  }
  if (sums != result) total = ir::CastOp::create(b, loc, total, ir::elementOf(result));
  contraction.getResult().replaceAllUsesWith(total);
  contraction->erase();
}

void distributeContractions(Operation* root) {
  SmallVector<ir::ContractOp> contractions;
  root->walk([&](ir::ContractOp op) { contractions.push_back(op); });
  for (ir::ContractOp contraction : contractions)
    for (OpOperand& factor : contraction->getOpOperands())
      if (isDistributed(contraction, factor)) {
        split(contraction, factor);
        break;
      }
}

}  // namespace heed::fusion
