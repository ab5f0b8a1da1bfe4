// Writes each copy of a repeated block in its place. Test: tests/passes/lower/unroll_repeat.mlir.
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
  // Post-order: an inner repeat is unrolled once, then copied with the outer one.
  void runOnOperation() override {
    getOperation()->walk<WalkOrder::PostOrder>([](RepeatOp repeat) { unroll(repeat); });
  }
};

}  // namespace
}  // namespace heed::ir
