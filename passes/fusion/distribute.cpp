#include "heed/passes/fusion/distribute.h"

#include "heed/passes/fusion/site.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace heed::fusion {

/// The softmaxes over a contracted axis that x is made from, pointwise.
static SmallVector<Renamed> softmaxes(Value x, ArrayRef<StringRef> contracted) {
  return pointwiseParts({x}, [&](const Renamed& part) {
    auto softmax = dyn_cast<ir::SoftmaxOp>(part.op());
    return softmax && llvm::is_contained(contracted, part.name(softmax.getAxis()));
  });
}

/// A sum or difference that one contraction reads, and whose two sides have its axes.
static Operation* sumOf(Value x) {
  Operation* op = x.getDefiningOp();
  if (!isa_and_nonnull<ir::AddOp, ir::SubOp>(op) || !x.hasOneUse()) return nullptr;
  bool whole = llvm::all_of(op->getOperands(), [&](Value side) { return ir::sameAxes(side.getType(), x.getType()); });
  return whole ? op : nullptr;
}

/// Whether x is a multiple of one softmax, or a sum of such that is made for one reader.
static bool isSumOfMultiples(Value x, ArrayRef<StringRef> contracted) {
  SmallVector<Renamed> found = softmaxes(x, contracted);
  if (found.size() == 1) return isMultiple({x}, found[0].value);
  Operation* sum = found.empty() ? nullptr : sumOf(x);
  return sum && llvm::all_of(sum->getOperands(), [&](Value side) { return isSumOfMultiples(side, contracted); });
}

/// Whether attention can be formed of each part of the contraction, whose weights this operand is.
static bool isDistributed(ir::ContractOp contraction, OpOperand& weights) {
  SmallVector<StringRef> contracted = ir::namesOf(contraction.getAxes());
  SmallVector<Renamed> found = softmaxes(weights.get(), contracted);
  Type value = contraction->getOperand(1 - weights.getOperandNumber()).getType();
  return found.size() > 1 && isSumOfMultiples(weights.get(), contracted) &&
         llvm::all_of(found, [&](const Renamed& softmax) {
           StringRef key = softmax.name(cast<ir::SoftmaxOp>(softmax.op()).getAxis());
           return softmax.op()->getBlock() == contraction->getBlock() && ir::has(ir::axesOf(value), key);
         });
}

/// A side of a sum, and what all weights of a row are multiplied by, which is left for the result.
struct Side {
  Value weights, factor;
};
static Side sideOf(Value x, ir::ContractOp contraction) {
  auto product = x.getDefiningOp<ir::MulOp>();
  for (unsigned n = 0; product && n < 2; ++n) {
    Value weights = product->getOperand(n), factor = product->getOperand(1 - n);
    bool ofRows = llvm::all_of(ir::axesOf(factor.getType()), [&](const ir::Axis& axis) {
      return ir::has(ir::axesOf(contraction.getType()), axis.name);
    });
    if (ofRows && ir::sameAxes(weights.getType(), x.getType())) return {weights, factor};
  }
  return {x, {}};
}

/// The contractions of both sides of the sum that `operand` is, in place of one.
static SmallVector<ir::ContractOp> split(ir::ContractOp contraction, OpOperand& operand) {
  Value whole = operand.get();
  Operation* sum = whole.getDefiningOp();
  OpBuilder b(contraction);
  SmallVector<ir::ContractOp> parts;
  IRMapping sides;
  for (Value x : sum->getOperands()) {
    auto [weights, factor] = sideOf(x, contraction);
    if (weights.getType() != whole.getType())
      weights = ir::PermuteOp::create(b, sum->getLoc(), whole.getType(), weights);
    IRMapping one;
    one.map(whole, weights);
    parts.push_back(cast<ir::ContractOp>(b.clone(*contraction, one)));
    Value part = parts.back();
    if (factor) part = ir::MulOp::create(b, x.getLoc(), part.getType(), part, factor);
    sides.map(x, part);
  }
  Operation* result = b.clone(*sum, sides);
  result->getResult(0).setType(contraction.getType());
  contraction.getResult().replaceAllUsesWith(result->getResult(0));
  contraction->erase();
  sum->erase();
  return parts;
}

void distributeContractions(Operation* root) {
  SmallVector<ir::ContractOp> contractions;
  root->walk([&](ir::ContractOp op) { contractions.push_back(op); });
  while (!contractions.empty()) {
    ir::ContractOp contraction = contractions.pop_back_val();
    for (OpOperand& factor : contraction->getOpOperands())
      if (isDistributed(contraction, factor)) {
        contractions.append(split(contraction, factor));
        break;
      }
  }
}

}  // namespace heed::fusion
