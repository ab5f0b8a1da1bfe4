// linalg ops on buffers to parallel, vectorised loops.
//
// Invariant: the arithmetic of an element does not depend on where its tile or task begins, so no product and sum are
// joined here: a lane and a scalar tail round alike. Test: tests/codegen/loops/generic.cpp.
#include "heed/codegen/cpu/loops/kernel.h"
#include "heed/codegen/cpu/loops/passes.h"

namespace heed::codegen {

#define GEN_PASS_DEF_LOWERGENERIC
#include "heed/codegen/cpu/loops/passes.h.inc"

namespace {

using namespace mlir;

LogicalResult lower(linalg::LinalgOp op, const Target& target) {
  if (!op.hasPureBufferSemantics()) return op.emitOpError("works on tensors; the tiled stage has buffers only");
  for (AffineMap map : op.getIndexingMapsArray())
    if (!map.isProjectedPermutation())
      return op.emitOpError() << "indexing map " << AffineMapAttr::get(map) << " must be a projected permutation";
  ImplicitLocOpBuilder b(op.getLoc(), op);
  if (failed(Kernel(op, target).emit(b))) return failure();
  op.erase();
  return success();
}

struct LowerGeneric : impl::LowerGenericBase<LowerGeneric> {
  using LowerGenericBase::LowerGenericBase;

  void runOnOperation() override {
    auto target = targetFor(features);
    if (!target) {
      getOperation()->emitError() << "tile-lower-generic: features is \"" << features
                                  << "\"; amx, avx512bf16, avx512, avx2, baseline or nothing is required";
      return signalPassFailure();
    }
    SmallVector<linalg::LinalgOp> ops;
    getOperation()->walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    for (auto op : ops)
      if (failed(lower(op, *target))) return signalPassFailure();
  }
};

}  // namespace
}  // namespace heed::codegen
