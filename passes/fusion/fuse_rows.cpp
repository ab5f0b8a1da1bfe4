// Reductions along one axis and the elementwise ops around them become heed.rows.
//
// Invariant: nothing that is in the kernel waits for something outside that waits for the kernel. Test:
// tests/passes/fusion/fuse_rows.mlir.
#include "heed/passes/fusion/enclose.h"
#include "heed/passes/fusion/passes.h"
#include "heed/passes/fusion/second_users.h"
#include "heed/passes/fusion/unfused.h"

namespace heed::fusion {
#define GEN_PASS_DEF_FUSEROWS
#include "heed/passes/fusion/passes.h.inc"
namespace {

using namespace mlir;

/// The rows that a reduction works on.
struct Space {
  StringRef axis;
  Type all, row;  // types of their elements and of one value for each row; the element type does not matter

  explicit Space(ir::RowWise seed) : axis(seed.alongAxis()) {
    ir::Axes axes = ir::axesOf(seed->getOperand(0).getType());
    Type f32 = Float32Type::get(seed->getContext());
    all = ir::tensorOf(f32, axes);
    row = ir::tensorOf(f32, ir::without(axes, axis));
  }
  /// What costs nothing to make again for each row: another element type of what all rows share.
  bool isFree(Operation* op) const {
    return isa<ir::CastOp>(op) && op->hasOneUse() &&
           llvm::all_of(ir::axesOf(op->getResult(0).getType()),
                        [&](const ir::Axis& own) { return ir::has(ir::axesOf(all), own.name); });
  }
  bool fits(Operation* op) const {
    auto has = [&](Type type, Type axes) { return ir::sameAxes(ir::withElement(type, ir::elementOf(axes)), axes); };
    if (auto reduction = dyn_cast<ir::RowWise>(op))
      return reduction.alongAxis() == axis && has(op->getOperand(0).getType(), all);
    if (!isa<ir::Elementwise>(op) || op->getNumOperands() == 0) return false;
    Type type = op->getResult(0).getType();
    return has(type, all) || has(type, row);
  }
};

/// Adds what follows from `kernel` and waits for nothing that is made from it outside.
void takeConsumers(Ops& kernel, const Space& space) {
  llvm::SmallPtrSet<Operation*, 16> waiting;
  for (Operation* op = kernel.front()->getNextNode(); op && !areAllKnown(kernel, waiting); op = op->getNextNode()) {
    bool waits = reads(op, waiting);
    if (!waits && !reads(op, kernel)) continue;
    if (!waits && space.fits(op))
      kernel.insert(op);
    else
      waiting.insert(op);
  }
}

/// Whether an op of `kernel` waits for something outside that is made from `producer`.
bool waitsFor(const Ops& kernel, Operation* producer) {
  Ops start;
  start.insert(producer);
  llvm::SmallPtrSet<Operation*, 16> waiting;
  for (Operation* op = producer->getNextNode(); op && op != kernel.back()->getNextNode(); op = op->getNextNode()) {
    if (kernel.contains(op) ? !reads(op, waiting) : !reads(op, start) && !reads(op, waiting)) continue;
    if (kernel.contains(op)) return true;
    waiting.insert(op);
  }
  return false;
}

/// Adds elementwise ops that `kernel` reads; a value that somebody else reads too is one more to store.
void takeProducers(Ops& kernel, const Space& space) {
  for (unsigned n = 0; n < kernel.size(); ++n) {
    for (Value operand : kernel[n]->getOperands()) {
      Operation* op = operand.getDefiningOp();
      if (op && !isa<ir::RowWise>(op) && op->getBlock() == kernel[n]->getBlock() && !kernel.contains(op) &&
          (space.fits(op) || space.isFree(op)) && !waitsFor(inOrder(kernel), op))
        kernel.insert(op);
    }
  }
}

struct FuseRows : impl::FuseRowsBase<FuseRows> {
  void runOnOperation() override {
    eraseDead(getOperation());
    SmallVector<ir::RowWise> seeds;
    getOperation().walk([&](ir::RowWise op) {
      if (!op.alongAxis().empty()) seeds.push_back(op);
    });
    for (ir::RowWise seed : seeds) {
      if (isa<ir::RowsOp>(seed->getParentOp())) continue;
      Space space(seed);
      Ops kernel;
      kernel.insert(seed);
      takeConsumers(kernel, space);
      takeProducers(kernel, space);
      OpBuilder b(seed);
      enclose(inOrder(kernel), ir::RowsOp::getOperationName(), seed.getLoc(),
              b.getNamedAttr("axis", b.getStringAttr(space.axis)));
    }
    remarkUnfused(getOperation());
  }
};

}  // namespace
}  // namespace heed::fusion
