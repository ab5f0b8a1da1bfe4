// epilogue: a contraction that stores what elementwise ops make of its sums. Test: tests/passes/lower/epilogue.mlir.
#include "heed/passes/ir/heed.h"
#include "heed/passes/ir/interpret.h"
#include "heed/passes/ir/lowering.h"

using namespace mlir;

namespace heed::ir {

LogicalResult EpilogueOp::verify() {
  Block& block = getBody().front();
  auto root = dyn_cast<TakesEpilogue>(block.front());
  auto yield = dyn_cast<YieldOp>(block.back());
  if (!yield || yield->getNumOperands() != 1 || yield.getOperandTypes() != getResultTypes() ||
      yield.getOperand(0).getParentBlock() != &block)
    return emitOpError("must end with a heed.yield of one value of the body, of the result's type");
  if (!root || !root.takesEpilogue(getResultTypes()[0]))
    return emitOpError() << "must begin with an op that takes an epilogue which stores " << getResultTypes()[0];
  for (Operation& op : block.without_terminator()) {
    if (&op != root && !isa<Elementwise>(op)) return op.emitOpError("in heed.epilogue; elementwise ops are legal");
    if (!sameAxes(op.getResultTypes(), withElement(root->getResult(0).getType(), elementOf(op.getResult(0).getType()))))
      return op.emitOpError() << "in heed.epilogue has axes " << describe(axesOf(op.getResult(0).getType()))
                              << "; those of the sums are " << describe(axesOf(root->getResult(0).getType()));
  }
  return success();
}

SmallVector<Reference> EpilogueOp::evaluate(ArrayRef<Reference>, Evaluation& evaluation) {
  return evaluation.run(getBody().front());
}

LogicalResult EpilogueOp::lower(Lowering& lowering) {
  Block& block = getBody().front();
  return lowering.inside(block, [&] {
    return cast<TakesEpilogue>(block.front())
        .lowerWithEpilogue(lowering, block.getTerminator()->getOperand(0), getResult(0));
  });
}

}  // namespace heed::ir
