// Writes each copy of a block that repeats another block in its place; the inner one then has its parameters as a list.
// Test: tests/passes/lower/unroll_repeat.mlir.
#include "heed/passes/lower/passes.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace heed::ir {

#define GEN_PASS_DEF_UNROLLREPEAT
#include "heed/passes/lower/passes.h.inc"

namespace {

void unroll(RepeatOp repeat) {
  OpBuilder b(repeat);
  Block& body = repeat.getBody().front();
  size_t carries = repeat.getCarries().size(), count = repeat.getCount();
  SmallVector<Value> carried(repeat.getCarries());
  for (size_t copy = 0; copy < count; ++copy) {
    IRMapping map;
    for (auto [i, argument] : llvm::enumerate(body.getArguments()))
      map.map(argument, i < carries ? carried[i] : repeat.getParameters()[(i - carries) * count + copy]);
    for (Operation& op : body.without_terminator()) b.clone(op, map);
    for (auto [carry, next] : llvm::zip(carried, body.getTerminator()->getOperands()))
      carry = map.lookupOrDefault(next);
  }
  repeat->replaceAllUsesWith(carried);
  repeat->erase();
}

struct UnrollRepeat : impl::UnrollRepeatBase<UnrollRepeat> {
  static bool repeats(RepeatOp outer) {
    return outer.getBody().walk([](RepeatOp) { return WalkResult::interrupt(); }).wasInterrupted();
  }
  // From the outside in: each copy of an outer block brings repeats that may be outer ones themselves.
  void runOnOperation() override {
    for (bool changed = true; changed;) {
      changed = false;
      getOperation()->walk<WalkOrder::PreOrder>([&](RepeatOp repeat) {
        if (!repeats(repeat)) return WalkResult::advance();
        unroll(repeat);
        changed = true;
        return WalkResult::interrupt();
      });
    }
  }
};

}  // namespace
}  // namespace heed::ir
