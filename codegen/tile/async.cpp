// Verifiers of the asynchronous ops. Test: tests/codegen/gpu/bad_async.mlir.
#include "heed/codegen/tile/async.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

#define GET_OP_CLASSES
#include "heed/codegen/tile/async_ops.cpp.inc"

using namespace mlir;

namespace heed::tile {

static LogicalResult requireNarrow(Operation* op, Type element) {
  if (element.isBF16() || element.isF16()) return success();
  return op->emitOpError() << "of " << element << "; bf16 and f16 are possible";
}

LogicalResult TensorMapOp::verify() {
  size_t rank = getSizes().size();
  if (rank < 1 || rank > 5) return emitOpError() << "a tensor of rank " << rank << "; 1 to 5 is possible";
  if (getStrides().size() + 1 != rank || getBox().size() != rank)
    return emitOpError() << "rank " << rank << " wants " << rank - 1 << " strides and a box of " << rank << "; has "
                         << getStrides().size() << " and " << getBox().size();
  for (int64_t size : getBox())
    if (size < 1 || size > 256) return emitOpError() << "a box of " << size << "; 1 to 256 each way is possible";
  if (getBox()[0] != 64) return emitOpError() << "a box of " << getBox()[0] << " inside; the swizzle wants 64";
  return requireNarrow(*this, getElement());
}

LogicalResult TmaLoadOp::verify() {
  if (getAt().empty() || getAt().size() > 5)
    return emitOpError() << getAt().size() << " coordinates; 1 to 5 are possible";
  return success();
}

LogicalResult WgmmaOp::verify() {
  int64_t n = getN();
  if (n < 8 || n > 256 || n % 8) return emitOpError() << "n is " << n << "; a multiple of 8, at most 256, is required";
  bool memory = getA().size() == 1 && getA()[0].getType().isInteger(64);
  bool registers = getA().size() == 4 && llvm::all_of(getA(), [](Value v) { return v.getType().isInteger(32); });
  if (!memory && !registers) return emitOpError("a must be one i64 or four i32");
  if (getResults().size() != size_t(n / 2) || (!getSums().empty() && getSums().size() != size_t(n / 2)))
    return emitOpError() << "has " << getSums().size() << " sums and " << getResults().size() << " results; n = " << n
                         << " wants " << n / 2;
  return requireNarrow(*this, getElement());
}

static LogicalResult verifyTied(Operation* op) {
  if (op->getOperandTypes() == op->getResultTypes()) return success();
  return op->emitOpError("must return values of the types it takes");
}
LogicalResult WgmmaFenceOp::verify() { return verifyTied(*this); }
LogicalResult WgmmaWaitOp::verify() { return verifyTied(*this); }

LogicalResult NamedBarrierOp::verify() {
  if (std::optional<int64_t> id = getConstantIntValue(getId()); id && (*id < 1 || *id > 15))
    return emitOpError() << "barrier " << *id << "; 1 to 15 are possible";
  if (getThreads() < 32 || getThreads() > 1024 || getThreads() % 32)
    return emitOpError() << getThreads() << " threads; a multiple of 32, at most 1024, is required";
  return success();
}

LogicalResult RegistersOp::verify() {
  if (getCount() < 24 || getCount() > 256 || getCount() % 8)
    return emitOpError() << getCount() << " registers; a multiple of 8 from 24 to 256 is required";
  return success();
}

}  // namespace heed::tile
