// tile.rows to loops; then what several copies of a region compute alike is computed once.
#include "heed/codegen/cpu/rows/passes.h"
#include "heed/codegen/cpu/rows/rows.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"

namespace heed::codegen {

#define GEN_PASS_DEF_LOWERROWS
#include "heed/codegen/cpu/rows/passes.h.inc"

namespace {

using namespace mlir;

struct LowerRows : impl::LowerRowsBase<LowerRows> {
  using LowerRowsBase::LowerRowsBase;

  void runOnOperation() override {
    auto target = targetFor(features);
    if (!target) {
      getOperation()->emitError() << "tile-lower-rows: features is \"" << features
                                  << "\"; amx, avx512bf16, avx512, avx2, baseline or nothing is required";
      return signalPassFailure();
    }
    SmallVector<tile::RowsOp> ops;
    getOperation()->walk([&](tile::RowsOp op) { ops.push_back(op); });
    for (auto op : ops) {
      ImplicitLocOpBuilder b(op.getLoc(), op);
      if (failed(RowsKernel(op, *target).emit(b))) return signalPassFailure();
      IRRewriter rewriter(&getContext());
      DominanceInfo dominance;
      eliminateCommonSubExpressions(rewriter, dominance, op->getPrevNode());
      op.erase();
    }
  }
};

}  // namespace
}  // namespace heed::codegen
