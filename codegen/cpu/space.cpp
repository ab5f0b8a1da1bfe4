// Strides and extents known from the type become constants, so that addresses fold.
#include "heed/codegen/cpu/space.h"

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace heed::codegen {

/// A memref of i1 as one of i8: a vector of i1 is packed in bits, a memref of them is not.
static Value asBytes(OpBuilder& b, Location loc, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  Type descriptor = LLVMTypeConverter(b.getContext()).convertType(type);
  Value raw = UnrealizedConversionCastOp::create(b, loc, descriptor, memref).getResult(0);
  auto bytes = MemRefType::get(type.getShape(), b.getI8Type(), type.getLayout());
  return UnrealizedConversionCastOp::create(b, loc, bytes, raw).getResult(0);
}

View viewOf(OpBuilder& b, Location loc, Value memref, AffineMap map) {
  auto type = cast<MemRefType>(memref.getType());
  View view;
  view.element = type.getElementType();
  if (view.element.isInteger(1)) memref = asBytes(b, loc, memref);
  auto stored = cast<MemRefType>(memref.getType()).getElementType();

  SmallVector<int64_t> strides;
  int64_t offset;
  (void)type.getStridesAndOffset(strides, offset);
  auto data = memref::ExtractStridedMetadataOp::create(b, loc, memref);
  auto known = [&](int64_t number, Value dynamic) -> Value {
    if (ShapedType::isDynamic(number)) return dynamic;
    return arith::ConstantIndexOp::create(b, loc, number);
  };
  view.offset = known(offset, data.getOffset());
  view.stride.resize(map.getNumDims());
  view.extent.resize(map.getNumDims());
  for (auto [n, result] : llvm::enumerate(map.getResults())) {
    unsigned dim = cast<AffineDimExpr>(result).getPosition();
    view.stride[dim] = known(strides[n], data.getStrides()[n]);
    view.extent[dim] = known(type.getDimSize(n), data.getSizes()[n]);
    if (strides[n] == 1) view.unit = dim;
  }
  // The flat view's extent is never asked for.
  auto flat = MemRefType::get({ShapedType::kDynamic}, stored);
  OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
  OpFoldResult extent = arith::ConstantIndexOp::create(b, loc, 1).getResult();
  view.base =
      memref::ReinterpretCastOp::create(b, loc, flat, data.getBaseBuffer(), zero, ArrayRef{extent}, ArrayRef{one});
  return view;
}

View at(OpBuilder& b, Location loc, View view, int64_t dim, Value steps) {
  if (!view.has(dim)) return view;
  Value distance = arith::MulIOp::create(b, loc, steps, view.stride[dim]);
  view.offset = arith::AddIOp::create(b, loc, view.offset, distance);
  return view;
}

SmallVector<Value> extentsOf(ArrayRef<View> views) {
  SmallVector<Value> extents;
  for (const View& view : views) {
    extents.resize(view.extent.size());
    for (auto [dim, extent] : llvm::enumerate(view.extent))
      if (extent && !extents[dim]) extents[dim] = extent;
  }
  return extents;
}

}  // namespace heed::codegen
