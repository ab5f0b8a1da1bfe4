// One walk over the function for each kind of op.
#include "heed/codegen/gpu/kernels.h"
#include "heed/codegen/gpu/passes.h"

namespace heed::codegen::gpu {

#define GEN_PASS_DEF_LAUNCHKERNELS
#include "heed/codegen/gpu/passes.h.inc"

namespace {

using namespace mlir;

/// Whether the host itself would have to read memory in it.
bool reads(scf::ForOp loop) {
  return loop
      .walk<WalkOrder::PreOrder>([](Operation* op) {
        if (isa<linalg::LinalgOp>(op) || isa<tile::TileDialect>(op->getDialect())) return WalkResult::skip();
        return isa<memref::LoadOp>(op) ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

struct LaunchKernels : impl::LaunchKernelsBase<LaunchKernels> {
  using LaunchKernelsBase::LaunchKernelsBase;

  void runOnOperation() override {
    std::optional<Device> device = deviceFor(StringRef(chip));
    if (!device) {
      getOperation().emitError() << "tile-launch-kernels: chip is \"" << chip << "\"; sm_80 to sm_121 are possible";
      return signalPassFailure();
    }
    device->processors = multiprocessors;
    // Each kernel of the device reads one weight.
    getOperation().walk([](tile::ProductsOp op) { op.dissolve(); });
    // A loop that reads takes what is in it along; one around it that only repeats stays with the host.
    SmallVector<scf::ForOp> loops;
    getOperation().walk<WalkOrder::PreOrder>([&](scf::ForOp loop) {
      bool inner =
          loop.getBody()
              ->walk([](scf::ForOp within) { return reads(within) ? WalkResult::interrupt() : WalkResult::advance(); })
              .wasInterrupted();
      if (!reads(loop) || (inner && loop.getNumResults())) return WalkResult::advance();
      if (inner && !isa<scf::ForOp>(loop.getBody()->front())) return WalkResult::advance();
      loops.push_back(loop);
      return WalkResult::skip();
    });
    for (scf::ForOp loop : loops)
      if (failed(lowerReadingLoop(loop))) return signalPassFailure();
    bool ok = each<tile::AttentionOp>([&](tile::AttentionOp op) { return lowerAttention(op, *device); }) &&
              each<tile::ContractOp>([&](tile::ContractOp op) { return lowerContract(op, *device); }) && each<tile::RowsOp>(lowerRows) &&
              each<linalg::LinalgOp>(lowerGeneric);
    if (!ok) return signalPassFailure();
    expandRemainders(getOperation());
    auto left = getOperation().walk<WalkOrder::PreOrder>([](Operation* op) {
      if (isa<tile::LaunchOp>(op)) return WalkResult::skip();
      if (!isa<memref::LoadOp, memref::StoreOp>(op)) return WalkResult::advance();
      op->emitOpError("on the host touches memory of the device");
      return WalkResult::interrupt();
    });
    if (left.wasInterrupted()) signalPassFailure();
  }

  template <class Op, class Lower>
  bool each(Lower lower) {
    SmallVector<Op> ops;
    getOperation().walk([&](Op op) { ops.push_back(op); });
    return llvm::all_of(ops, [&](Op op) { return succeeded(lower(op)); });
  }
};

}  // namespace
}  // namespace heed::codegen::gpu
