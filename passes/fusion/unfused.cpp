// Elementwise ops that read the result of a kernel and stayed outside, and scores without a softmax. Test:
// tests/passes/fusion/unfused.mlir.
#include "heed/passes/fusion/unfused.h"

#include "heed/passes/fusion/remark.h"
#include "heed/passes/fusion/renamed.h"
#include "heed/passes/fusion/site.h"

using namespace mlir;

namespace heed::fusion {

/// Why `op` is no part of the kernel that gives `x`.
static std::string whyOutside(Operation* op, const Renamed& x) {
  Type result = op->getResult(0).getType();
  for (const ir::Axis& axis : ir::axesOf(result))
    if (!x.has(axis.name)) return "it repeats its operand along `" + axis.name.str() + "`";
  if (ir::elementOf(result) != ir::elementOf(x.value.getType())) return "its result has another element type";
  for (Operation* other : x.value.getUsers())
    if (other != op) return describe(other) + " needs its operand too";
  return "its layout is not that of the kernel";
}

/// The contraction that is `op`, or that has it as its epilogue.
static ir::ContractOp contractionOf(Operation* op) {
  auto contraction = dyn_cast<ir::ContractOp>(op);
  if (isa<ir::EpilogueOp>(op)) op->walk([&](ir::ContractOp inner) { contraction = inner; });
  return contraction;
}

/// Weights that one product makes, of no parameter, and another one sums along keys of any number.
static void remarkWeights(ir::ContractOp sum) {
  SmallVector<StringRef> summed = ir::namesOf(sum.getAxes());
  if (llvm::any_of(sum->getOperands(), isParameter)) return;
  for (Value factor : sum->getOperands()) {
    SmallVector<Renamed> made = pointwiseParts({factor}, [](const Renamed& x) { return bool(contractionOf(x.op())); });
    for (const Renamed& scores : made) {
      ir::ContractOp product = contractionOf(scores.op());
      bool byKey = llvm::any_of(scores.axes(), [&](const ir::Axis& axis) {
        return !axis.isStatic() && llvm::is_contained(summed, axis.name);
      });
      if (!byKey || llvm::any_of(product->getOperands(), isParameter)) continue;
      emitRemark(product.getLoc()) << "not fused: " << describe(product)
                                   << " is stored in full: no softmax stands between it and " << describe(sum);
    }
  }
}

void remarkUnfused(Operation* root) {
  root->walk(remarkWeights);
  root->walk([](Operation* op) {
    bool isTensor = op->getNumResults() == 1 && isa<RankedTensorType>(op->getResult(0).getType());
    if (!isTensor || !isa<ir::Elementwise>(op) || isa<ir::EpilogueOp, ir::RowsOp>(op->getParentOp())) return;
    if (throughLayout({op->getResult(0)}).value != op->getResult(0)) return;  // nothing is computed
    for (Value operand : op->getOperands()) {
      Renamed x = throughLayout({operand});
      if (!isa_and_nonnull<ir::EpilogueOp, ir::ProductsOp, ir::RowsOp, ir::TakesEpilogue>(x.op())) continue;
      emitRemark(op->getLoc()) << "not fused: " << describe(op) << " is a kernel of its own behind " << describe(x.op())
                               << ": " << whyOutside(op, x);
      return;
    }
  });
}

}  // namespace heed::fusion
