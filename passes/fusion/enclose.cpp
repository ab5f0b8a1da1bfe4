// Moving ops into a body. Test: tests/passes/fusion/fuse_epilogue.mlir.
#include "heed/passes/fusion/enclose.h"

#include "mlir/Analysis/TopologicalSortUtils.h"

using namespace mlir;

namespace heed::fusion {

static bool isInside(const Ops& ops, OpOperand& use, Block* block) {
  return ops.contains(block->findAncestorOpInBlock(*use.getOwner()));
}

bool areAllKnown(const Ops& ops, const llvm::SmallPtrSetImpl<Operation*>& others) {
  for (Operation* op : ops)
    for (Operation* user : op->getUsers())
      if (Operation* here = op->getBlock()->findAncestorOpInBlock(*user); !ops.contains(here) && !others.contains(here))
        return false;
  return true;
}

Ops inOrder(const Ops& ops) {
  SmallVector<Operation*> sorted(ops.begin(), ops.end());
  llvm::sort(sorted, [](Operation* l, Operation* r) { return l->isBeforeInBlock(r); });
  return Ops(sorted.begin(), sorted.end());
}

SmallVector<Value> escaping(const Ops& ops) {
  SmallVector<Value> values;
  for (Operation* op : ops)
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUses(), [&](OpOperand& use) { return !isInside(ops, use, op->getBlock()); }))
        values.push_back(result);
  return values;
}

Operation* enclose(const Ops& ops, StringRef name, Location loc, ArrayRef<NamedAttribute> attributes) {
  SmallVector<Value> values = escaping(ops);
  Block* block = ops.front()->getBlock();
  OpBuilder b(ops.back());
  OperationState state(loc, name, ValueRange{}, ValueRange(values).getTypes(), attributes);
  Block* body = new Block;
  state.addRegion()->push_back(body);
  Operation* kernel = b.create(state);
  for (auto [inner, outer] : llvm::zip(values, kernel->getResults()))
    inner.replaceUsesWithIf(outer, [&](OpOperand& use) { return !isInside(ops, use, block); });
  for (Operation* op : ops) op->moveBefore(body, body->end());
  b.setInsertionPointToEnd(body);
  ir::YieldOp::create(b, loc, values);
  // What reads an early result may stand before the kernel.
  sortTopologically(block);
  return kernel;
}

}  // namespace heed::fusion
