// Buffers, extents and named loops. Test: tests/passes/lower/lower_to_tile.mlir.
#include "heed/passes/ir/lowering.h"

#include "heed/passes/ir/heed.h"
#include "llvm/Support/SaveAndRestore.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace heed::ir {

AffineMap Buffer::map(ArrayRef<StringRef> space) const {
  MLIRContext* context = memref.getContext();
  SmallVector<AffineExpr> dims;
  for (StringRef axis : axes) dims.push_back(getAffineDimExpr(llvm::find(space, axis) - space.begin(), context));
  return AffineMap::get(space.size(), 0, dims, context);
}

Type Buffer::element() const { return elementOf(memref.getType()); }

LogicalResult Lowering::run(Block& block) {
  for (Operation& op : block.without_terminator()) {
    auto contract = dyn_cast<OpContract>(op);
    if (!contract) return op.emitOpError("cannot be lowered here; only heed ops may be in the function");
    llvm::SaveAndRestore current(current_, &op);
    if (failed(contract.lower(*this)) || failed_) return failure();
  }
  return success();
}

Buffer Lowering::buffer(Value value) {
  if (auto known = buffers_.find(value); known != buffers_.end()) return known->second;
  llvm::SaveAndRestore computing(computing_, value);
  Buffer out = place(value);
  loop(value.getLoc(), axesOf(value.getType()), value, {}, out,
       [](OpBuilder&, ValueRange elements, Value) { return elements[0]; });
  bind(value, out);
  return out;
}

void Lowering::forget(Block& block) {
  block.walk([&](Operation* op) {
    for (Value result : op->getResults()) buffers_.erase(result);
  });
}

void Lowering::nested(llvm::function_ref<void()> body) {
  llvm::DenseMap<Value, Buffer> before = buffers_;
  body();
  buffers_ = std::move(before);
}

bool Lowering::isBoundTo(Value value, const Buffer& destination) const {
  auto known = buffers_.find(value);
  return known != buffers_.end() && known->second.memref == destination.memref;
}

Buffer Lowering::place(Value result) {
  auto wanted = wanted_.find(result);
  if (wanted != wanted_.end()) return wanted->second;
  return allocate(result.getLoc(), axesOf(result.getType()), elementOf(result.getType()));
}

Buffer Lowering::allocate(Value result) {
  Buffer out = place(result);
  bind(result, out);
  return out;
}

Buffer Lowering::allocate(Location loc, ArrayRef<Axis> axes, Type element) {
  SmallVector<int64_t> shape;
  SmallVector<Value> sizes;
  for (const Axis& axis : axes) {
    shape.push_back(axis.extent);
    if (!axis.isStatic()) sizes.push_back(extent(axis));
  }
  return {memref::AllocOp::create(b, loc, MemRefType::get(shape, element), sizes), namesOf(axes)};
}

Value Lowering::extent(const Axis& axis) {
  if (axis.isStatic()) return arith::ConstantIndexOp::create(b, b.getUnknownLoc(), axis.extent);
  if (Value known = symbols_.lookup(axis.symbol)) return known;
  if (!failed_ && current_)
    current_->emitOpError() << "the extent of axis " << axis.describe()
                            << " is not known; an input must carry its symbol; pass a tensor with that axis?";
  failed_ = true;
  return arith::ConstantIndexOp::create(b, b.getUnknownLoc(), 0);
}

Buffer Lowering::spread(Location loc, Buffer buffer, ArrayRef<Axis> axes) {
  Axes missing(axes);
  llvm::erase_if(missing, [&](const Axis& a) { return buffer.has(a.name); });
  if (missing.empty()) return buffer;
  auto type = cast<MemRefType>(buffer.memref.getType());
  auto parts = memref::ExtractStridedMetadataOp::create(b, loc, buffer.memref);
  SmallVector<OpFoldResult> sizes, strides;
  SmallVector<int64_t> shape, dynamic(missing.size() + type.getRank(), ShapedType::kDynamic);
  // The new axes go outside, so that the innermost stride stays what it was.
  for (const Axis& axis : missing) {
    sizes.push_back(axis.isStatic() ? OpFoldResult(b.getIndexAttr(axis.extent)) : OpFoldResult(extent(axis)));
    shape.push_back(axis.extent);
    strides.push_back(arith::ConstantIndexOp::create(b, loc, 0).getResult());
  }
  auto [known, start] = type.getStridesAndOffset();
  Value offset =
      ShapedType::isDynamic(start) ? Value(parts.getOffset()) : arith::ConstantIndexOp::create(b, loc, start);
  for (auto [d, size] : llvm::enumerate(type.getShape())) {
    sizes.push_back(ShapedType::isDynamic(size) ? OpFoldResult(parts.getSizes()[d]) : b.getIndexAttr(size));
    shape.push_back(size);
    dynamic[missing.size() + d] = known[d];
    strides.push_back(ShapedType::isDynamic(known[d]) ? OpFoldResult(parts.getStrides()[d]) : b.getIndexAttr(known[d]));
  }
  auto layout = StridedLayoutAttr::get(b.getContext(), ShapedType::kDynamic, dynamic);
  auto result = MemRefType::get(shape, type.getElementType(), layout);
  SmallVector<StringRef> names = namesOf(missing);
  names.append(buffer.axes);
  return {
      memref::ReinterpretCastOp::create(b, loc, result, parts.getBaseBuffer(), OpFoldResult(offset), sizes, strides),
      names};
}

void Lowering::fill(Location loc, const Buffer& out, double value) {
  Value number = arith::ConstantOp::create(b, loc, numberAttr(out.element(), value));
  linalg::FillOp::create(b, loc, number, out.memref);
}

void Lowering::copy(Location loc, ArrayRef<Axis> axes, const Buffer& in, const Buffer& out) {
  loop(loc, axes, {}, {in}, out, [](OpBuilder&, ValueRange elements, Value) { return elements[0]; });
}

}  // namespace heed::ir
