// Elementwise ops behind a contraction become its epilogue.
//
// Invariant: one value is stored, and nothing is computed more often than before. Test:
// tests/passes/fusion/fuse_epilogue.mlir.
#include "heed/passes/fusion/enclose.h"
#include "heed/passes/fusion/passes.h"
#include "heed/passes/fusion/second_users.h"

namespace heed::fusion {
#define GEN_PASS_DEF_FUSEEPILOGUE
#include "heed/passes/fusion/passes.h.inc"
namespace {

using namespace mlir;

bool haveSameAxes(Operation* l, Operation* r) {
  Type left = l->getResult(0).getType(), right = r->getResult(0).getType();
  return ir::sameAxes(left, ir::withElement(right, ir::elementOf(left)));
}

/// `root` and as many ops behind it as leave one value to be stored.
Ops epilogueOf(ir::TakesEpilogue root) {
  Ops inside, best;
  llvm::SmallPtrSet<Operation*, 16> waiting;  // for something that is made from the sums outside of the kernel
  inside.insert(root);
  best.insert(root);
  for (Operation* op = root->getNextNode(); op && !areAllKnown(inside, waiting); op = op->getNextNode()) {
    bool waits = reads(op, waiting);
    if (!waits && !reads(op, inside)) continue;
    if (waits || !isa<ir::Elementwise>(op) || !haveSameAxes(op, root)) {
      waiting.insert(op);
      continue;
    }
    inside.insert(op);
    SmallVector<Value> stored = escaping(inside);
    if (stored.size() == 1 && root.takesEpilogue(stored[0].getType())) best = inside;
  }
  return best;
}

struct FuseEpilogue : impl::FuseEpilogueBase<FuseEpilogue> {
  void runOnOperation() override {
    eraseDead(getOperation());
    SmallVector<ir::TakesEpilogue> roots;
    getOperation().walk([&](ir::TakesEpilogue root) {
      if (!root->getParentOfType<ir::EpilogueOp>()) roots.push_back(root);
    });
    for (ir::TakesEpilogue root : roots)
      if (Ops ops = epilogueOf(root); ops.size() > 1) enclose(ops, ir::EpilogueOp::getOperationName(), root.getLoc());
  }
};

}  // namespace
}  // namespace heed::fusion
