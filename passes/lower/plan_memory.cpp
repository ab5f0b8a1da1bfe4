// Gives every buffer a slot in one arena. Test: tests/passes/lower/plan_memory.mlir.
#include "heed/passes/lower/liveness.h"
#include "heed/passes/lower/passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace heed::ir {

#define GEN_PASS_DEF_PLANMEMORY
#include "heed/passes/lower/passes.h.inc"

namespace {

constexpr int64_t alignment = 64;

/// Buffers that share memory, one after the other.
struct Slot {
  SmallVector<memref::AllocOp> tenants;
  unsigned end;

  bool fits(memref::AllocOp alloc) const {
    memref::AllocOp other = tenants.front();
    return other.getType() == alloc.getType() && other.getDynamicSizes() == alloc.getDynamicSizes();
  }
};

/// First come, first served; a slot of the very size wins over one that may have to grow.
SmallVector<Slot> assign(ArrayRef<Life> lives) {
  SmallVector<Slot> slots;
  for (const Life& life : lives) {
    Slot* chosen = nullptr;
    for (Slot& slot : slots)
      if (slot.end < life.begin && (!chosen || (slot.fits(life.alloc) && !chosen->fits(life.alloc)))) chosen = &slot;
    if (!chosen) chosen = &slots.emplace_back();
    chosen->tenants.push_back(life.alloc);
    chosen->end = life.end;
  }
  return slots;
}

/// Moves index arithmetic in front of `anchor`. It comes from the arguments' extents alone.
void hoist(Value value, Operation* anchor) {
  Operation* op = value.getDefiningOp();
  Operation* here = op ? anchor->getBlock()->findAncestorOpInBlock(*op) : nullptr;
  if (!here || (here == op && op->isBeforeInBlock(anchor))) return;
  for (Value operand : op->getOperands()) hoist(operand, anchor);
  op->moveBefore(anchor);
}

struct PlanMemory : impl::PlanMemoryBase<PlanMemory> {
  void runOnOperation() override {
    if (getOperation().isExternal()) return;
    // The buffers of a loop's body are one buffer for the loop: the same in every round.
    for (auto loop : llvm::to_vector(getOperation().front().getOps<scf::ForOp>())) plan(*loop.getBody(), loop);
    plan(getOperation().front(), &getOperation().front().front());
  }

  /// Gives the buffers that `block` allocates their places in an arena, which is allocated in front of `anchor`.
  void plan(Block& block, Operation* anchor) {
    SmallVector<Life> lives = livesIn(block);
    if (lives.empty()) return;
    OpBuilder b(anchor);
    Location loc = anchor->getLoc();
    Operation* start = arith::ConstantIndexOp::create(b, loc, 0);
    for (Life& life : lives)
      for (Value size : life.alloc.getDynamicSizes()) hoist(size, start);
    b.setInsertionPointAfter(start);

    Value total = start->getResult(0);
    SmallVector<std::pair<memref::AllocOp, Value>> places;
    for (const Slot& slot : assign(lives)) {
      Value bytes;
      for (memref::AllocOp tenant : slot.tenants) {
        places.emplace_back(tenant, total);
        // Tenants of one size need one measure.
        if (bytes && slot.fits(tenant)) continue;
        Value size = measure(b, tenant);
        bytes = bytes ? arith::MaxUIOp::create(b, loc, bytes, size) : size;
      }
      total = arith::AddIOp::create(b, loc, total, bytes);
    }
    Value arena = memref::AllocOp::create(b, loc, MemRefType::get({ShapedType::kDynamic}, b.getI8Type()), total,
                                          b.getI64IntegerAttr(alignment));
    for (auto [alloc, offset] : places) {
      b.setInsertionPoint(alloc);
      Value view = memref::ViewOp::create(b, alloc.getLoc(), alloc.getType(), arena, offset, alloc.getDynamicSizes());
      alloc.replaceAllUsesWith(view);
      alloc.erase();
    }
  }

  /// Bytes of a buffer, rounded up to the alignment.
  Value measure(OpBuilder& b, memref::AllocOp alloc) {
    Location loc = alloc.getLoc();
    MemRefType type = alloc.getType();
    int64_t bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8u);
    for (int64_t extent : type.getShape())
      if (!ShapedType::isDynamic(extent)) bytes *= extent;
    Value size = arith::ConstantIndexOp::create(b, loc, bytes);
    for (Value extent : alloc.getDynamicSizes()) size = arith::MulIOp::create(b, loc, size, extent);
    size = arith::AddIOp::create(b, loc, size, arith::ConstantIndexOp::create(b, loc, alignment - 1));
    return arith::AndIOp::create(b, loc, size, arith::ConstantIndexOp::create(b, loc, -alignment));
  }
};

}  // namespace
}  // namespace heed::ir
