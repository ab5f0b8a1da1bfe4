// Follows a buffer through its views to its last use. Test: tests/passes/lower/plan_memory.mlir.
#include "heed/passes/lower/liveness.h"

using namespace mlir;

namespace heed::ir {

static unsigned lastUse(Value memref, Block& block, const llvm::DenseMap<Operation*, unsigned>& number) {
  unsigned last = 0;
  for (Operation* user : memref.getUsers()) {
    Operation* op = block.findAncestorOpInBlock(*user);
    last = std::max(last, number.at(op));
    for (Value view : user->getResults())
      if (isa<BaseMemRefType>(view.getType())) last = std::max(last, lastUse(view, block, number));
  }
  return last;
}

SmallVector<Life> livesIn(Block& block) {
  llvm::DenseMap<Operation*, unsigned> number;
  for (Operation& op : block) number.try_emplace(&op, number.size());
  SmallVector<Life> lives;
  for (auto alloc : block.getOps<memref::AllocOp>())
    lives.push_back({alloc, number.at(alloc), lastUse(alloc.getResult(), block, number)});
  return lives;
}

}  // namespace heed::ir
