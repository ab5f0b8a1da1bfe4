// Verifiers of the device's ops. Test: tests/codegen/gpu/bad_launch.mlir.
#include "heed/codegen/tile/device.h"

#define GET_OP_CLASSES
#include "heed/codegen/tile/device_ops.cpp.inc"

using namespace mlir;

namespace heed::tile {

LogicalResult LaunchOp::verify() {
  int64_t threads = getThreads(), bytes = getSharedBytes();
  if (threads <= 0 || threads % 32 != 0 || threads > maxThreads)
    return emitOpError() << threads << " threads; a multiple of 32, at most " << maxThreads << ", is required";
  if (bytes < 0 || bytes > maxSharedBytes)
    return emitOpError() << bytes << " bytes of shared memory; a block has at most " << maxSharedBytes;
  Builder b(getContext());
  Type index = b.getIndexType();
  Type shared = MemRefType::get({ShapedType::kDynamic}, b.getI8Type(), AffineMap(), b.getI64IntegerAttr(3));
  if (getBody().front().getArgumentTypes() != TypeRange{index, index, shared})
    return emitOpError() << "the region must take (index, index, " << shared << ")";
  return success();
}

}  // namespace heed::tile
