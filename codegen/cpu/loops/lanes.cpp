// An i1 is a byte in memory: it is compared with 0 when loaded and zero-extended when stored.
#include "heed/codegen/cpu/loops/lanes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace heed::codegen {

using namespace mlir;
using Builder = ImplicitLocOpBuilder;

Value constant(Builder& b, int64_t value) { return arith::ConstantIndexOp::create(b, value); }
Value add(Builder& b, Value x, Value y) { return b.createOrFold<arith::AddIOp>(x, y); }
Value sub(Builder& b, Value x, Value y) { return b.createOrFold<arith::SubIOp>(x, y); }
Value mul(Builder& b, Value x, Value y) { return b.createOrFold<arith::MulIOp>(x, y); }
Value smaller(Builder& b, Value x, Value y) { return b.createOrFold<arith::MinSIOp>(x, y); }
Value larger(Builder& b, Value x, Value y) { return b.createOrFold<arith::MaxSIOp>(x, y); }
Value quotient(Builder& b, Value x, Value y) { return b.createOrFold<arith::DivUIOp>(x, y); }
Value ceiling(Builder& b, Value x, Value y) { return quotient(b, sub(b, add(b, x, y), constant(b, 1)), y); }
Value multiple(Builder& b, Value x, int64_t y) {
  Value step = constant(b, y);
  return mul(b, quotient(b, x, step), step);
}

Value advance(Builder& b, const View& view, Value position, int64_t dim, Value steps) {
  if (!view.has(dim)) return position;
  return add(b, position, mul(b, steps, view.stride[dim]));
}

Value maskOf(Builder& b, int lanes, Value count) {
  return vector::CreateMaskOp::create(b, VectorType::get({lanes}, b.getI1Type()), count);
}

static Type storedIn(const View& view) { return cast<MemRefType>(view.base.getType()).getElementType(); }

static Value decode(Builder& b, const View& view, Value value) {
  if (storedIn(view) == view.element) return value;
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(value.getType()));
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, value, zero);
}

static Value encode(Builder& b, const View& view, Value value) {
  Type type = storedIn(view);
  if (type == view.element) return value;
  if (auto vector = dyn_cast<VectorType>(value.getType())) type = vector.clone(type);
  return arith::ExtUIOp::create(b, type, value);
}

Value load(Builder& b, const View& view, Value position) {
  return decode(b, view, memref::LoadOp::create(b, view.base, position));
}

void store(Builder& b, const View& view, Value value, Value position) {
  memref::StoreOp::create(b, encode(b, view, value), view.base, position);
}

Value loadLanes(Builder& b, const View& view, Value position, int lanes, Value mask) {
  Type element = storedIn(view);
  auto vector = VectorType::get({lanes}, element);
  if (!mask) return decode(b, view, vector::LoadOp::create(b, vector, view.base, position));
  Attribute other = isa<FloatType>(element) ? Attribute(b.getZeroAttr(element)) : b.getIntegerAttr(element, 1);
  Value rest = arith::ConstantOp::create(b, DenseElementsAttr::get(vector, other));
  return decode(b, view, vector::MaskedLoadOp::create(b, vector, view.base, position, mask, rest));
}

void storeLanes(Builder& b, const View& view, Value value, Value position, Value mask) {
  value = encode(b, view, value);
  if (mask)
    vector::MaskedStoreOp::create(b, view.base, position, mask, value);
  else
    vector::StoreOp::create(b, value, view.base, position);
}

Value gatherLanes(Builder& b, const View& view, Value position, int64_t dim, int lanes, Value limit) {
  auto vector = VectorType::get({lanes}, storedIn(view));
  Value last = limit ? sub(b, limit, constant(b, 1)) : Value();
  SmallVector<Value> elements;
  for (int lane = 0; lane < lanes; ++lane) {
    Value step = constant(b, lane);
    if (last) step = smaller(b, step, last);
    elements.push_back(memref::LoadOp::create(b, view.base, advance(b, view, position, dim, step)));
  }
  return decode(b, view, vector::FromElementsOp::create(b, vector, elements));
}

}  // namespace heed::codegen
