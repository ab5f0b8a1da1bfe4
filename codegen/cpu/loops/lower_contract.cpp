// tile.contract and tile.products: packed panels where a result has a dim for the lanes, plain loops where it has none.
#include "heed/codegen/cpu/loops/kernel.h"
#include "heed/codegen/cpu/loops/passes.h"
#include "heed/codegen/cpu/loops/products.h"
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

bool areFloats(tile::ContractOp op) { return isa<FloatType>(elementOf(op.getOut())); }

LogicalResult check(tile::ContractOp op) {
  Type left = elementOf(op.getLhs()), right = elementOf(op.getRhs()), out = elementOf(op.getOut());
  auto narrow = [](Type type) { return type.isF32() || type.isF16() || type.isBF16(); };
  bool floats = narrow(out) && narrow(left) && narrow(right);
  bool integers = isa<IntegerType>(out) && !out.isInteger(1) && left == out && right == out;
  if (!floats && !integers)
    return op.emitOpError() << "of " << left << " and " << right << " into " << out
                            << "; f32, f16 and bf16 are possible, or one integer type";
  if (floats && !out.isF32() && !hasLaneDim(op))
    return op.emitOpError() << "into " << out << ", whose result is contiguous along no row or column; sum it into f32";
  return success();
}

LogicalResult lower(tile::ContractOp op, const Target& target, Weights& weights) {
  if (failed(check(op))) return failure();
  ImplicitLocOpBuilder b(op.getLoc(), op);
  LogicalResult result = failure();
  if (areFloats(op) && hasLaneDim(op)) {
    ContractKernel kernel(op, target);
    kernel.readPacked(weights.packed(op, kernel, target));
    result = Products(kernel).emit(b);
  } else {
    result = lowerPlainly(b, op, target);
  }
  if (succeeded(result)) op.erase();
  return result;
}

/// As one kernel where that is possible, else one by one.
LogicalResult lower(tile::ProductsOp op, const Target& target, Weights& weights) {
  SmallVector<tile::ContractOp> products(op.getBody().getOps<tile::ContractOp>());
  std::vector<ContractKernel> kernels;
  for (tile::ContractOp product : products) {
    if (failed(check(product))) return failure();
    if (areFloats(product) && hasLaneDim(product)) kernels.emplace_back(product, target);
  }
  auto each = [](auto&& range, auto&& lower) {
    return success(llvm::all_of(range, [&](auto& one) { return succeeded(lower(one)); }));
  };
  if (kernels.size() < products.size()) {
    op.dissolve();
    return each(products, [&](tile::ContractOp product) { return lower(product, target, weights); });
  }
  for (auto [product, kernel] : llvm::zip(products, kernels))
    kernel.readPacked(weights.packed(product, kernel, target));
  ImplicitLocOpBuilder b(op.getLoc(), op);
  LogicalResult result = Products::canBeOne(kernels)
                             ? Products(kernels).emit(b)
                             : each(kernels, [&](ContractKernel& kernel) { return Products(kernel).emit(b); });
  if (succeeded(result)) op.erase();
  return result;
}

struct LowerContract : impl::LowerContractBase<LowerContract> {
  using LowerContractBase::LowerContractBase;

  void runOnOperation() override {
    auto target = targetFor(features);
    if (!target) {
      getOperation().emitError()
          << "tile-lower-contract: features is \"" << features
          << "\"; amx, avx512bf16, avx512, avx2, baseline or nothing is required, then +int8, +int4 or "
             "nothing, then +tiles= and digits or nothing";
      return signalPassFailure();
    }
    SmallVector<Operation*> ops;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation* op) {
      if (!isa<tile::ContractOp, tile::ProductsOp>(op)) return WalkResult::advance();
      ops.push_back(op);
      return WalkResult::skip();
    });
    Weights weights(getOperation());
    for (Operation* op : ops) {
      auto products = dyn_cast<tile::ProductsOp>(op);
      if (failed(products ? lower(products, *target, weights) : lower(cast<tile::ContractOp>(op), *target, weights)))
        return signalPassFailure();
    }
  }
};

}  // namespace
}  // namespace heed::codegen
