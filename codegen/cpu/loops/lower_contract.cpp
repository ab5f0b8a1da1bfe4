// tile.contract: packed panels where the result has a dim for the lanes, plain loops where it has none.
#include "heed/codegen/cpu/loops/contract.h"
#include "heed/codegen/cpu/loops/kernel.h"
#include "heed/codegen/cpu/loops/passes.h"
#include "heed/codegen/cpu/loops/weights.h"

namespace heed::codegen {

#define GEN_PASS_DEF_LOWERCONTRACT
#include "heed/codegen/cpu/loops/passes.h.inc"

namespace {

using namespace mlir;

Type elementOf(Value memref) { return cast<MemRefType>(memref.getType()).getElementType(); }

/// Dot products, sums over a batch and integers: a linalg op with the epilogue at its end.
LogicalResult lowerPlainly(ImplicitLocOpBuilder& b, tile::ContractOp op, const Target& target) {
  SmallVector<utils::IteratorType> iterators;
  for (StringRef role : op.getRoles().getAsValueRange<StringAttr>())
    iterators.push_back(role == "depth" ? utils::IteratorType::reduction : utils::IteratorType::parallel);
  SmallVector<Value> inputs{op.getLhs(), op.getRhs()};
  inputs.append(op.getCaptures().begin(), op.getCaptures().end());
  auto maps = llvm::to_vector(op.getIndexingMaps().getAsValueRange<AffineMapAttr>());
  Type type = elementOf(op.getOut());
  auto sum = linalg::GenericOp::create(
      b, inputs, op.getOut(), maps, iterators, [&](OpBuilder& nested, Location loc, ValueRange in) {
        ImplicitLocOpBuilder b(loc, nested);
        auto wide = [&](Value x) -> Value { return x.getType() == type ? x : arith::ExtFOp::create(b, type, x); };
        Value x = wide(in[0]), y = wide(in[1]), sum;
        if (isa<FloatType>(type))
          sum = arith::AddFOp::create(b, in.back(), arith::MulFOp::create(b, x, y));
        else
          sum = arith::AddIOp::create(b, in.back(), arith::MulIOp::create(b, x, y));
        linalg::YieldOp::create(b, sum);
      });
  LogicalResult result = Kernel(sum, target, &op.getEpilogue(), /*firstCapture=*/2).emit(b);
  sum.erase();
  return result;
}

LogicalResult lower(tile::ContractOp op, const Target& target, Weights& weights) {
  Type left = elementOf(op.getLhs()), right = elementOf(op.getRhs()), out = elementOf(op.getOut());
  auto narrow = [](Type type) { return type.isF32() || type.isF16() || type.isBF16(); };
  bool floats = narrow(out) && narrow(left) && narrow(right);
  bool integers = isa<IntegerType>(out) && !out.isInteger(1) && left == out && right == out;
  if (!floats && !integers)
    return op.emitOpError() << "of " << left << " and " << right << " into " << out
                            << "; f32, f16 and bf16 are possible, or one integer type";
  ImplicitLocOpBuilder b(op.getLoc(), op);
  if (floats && !out.isF32() && !hasLaneDim(op))
    return op.emitOpError() << "into " << out << ", whose result is contiguous along no row or column; sum it into f32";
  LogicalResult result = failure();
  if (floats && hasLaneDim(op)) {
    ContractKernel kernel(op, target);
    result = kernel.emit(b, weights.packed(op, kernel, target));
  } else {
    result = lowerPlainly(b, op, target);
  }
  if (succeeded(result)) op.erase();
  return result;
}

struct LowerContract : impl::LowerContractBase<LowerContract> {
  using LowerContractBase::LowerContractBase;

  void runOnOperation() override {
    auto target = targetFor(features);
    if (!target) {
      getOperation().emitError() << "tile-lower-contract: features is \"" << features
                                 << "\"; avx512bf16, avx512, avx2, baseline or nothing is required";
      return signalPassFailure();
    }
    SmallVector<tile::ContractOp> ops;
    getOperation().walk([&](tile::ContractOp op) { ops.push_back(op); });
    Weights weights(getOperation());
    for (auto op : ops)
      if (failed(lower(op, *target, weights))) return signalPassFailure();
  }
};

}  // namespace
}  // namespace heed::codegen
