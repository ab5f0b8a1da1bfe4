// position = ((p0 * e1) + p1) * e2 + p2 ..
#include "heed/codegen/cpu/loops/coordinates.h"

#include "heed/codegen/cpu/loops/lanes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

namespace heed::codegen {

using namespace mlir;
using Builder = ImplicitLocOpBuilder;

SmallVector<Value> coordinatesAt(Builder& b, Value position, ArrayRef<Value> extents) {
  SmallVector<Value> point(extents.size());
  for (size_t d = extents.size(); d-- > 1;) {
    Value rest = quotient(b, position, extents[d]);
    point[d] = sub(b, position, mul(b, rest, extents[d]));
    position = rest;
  }
  if (!point.empty()) point[0] = position;
  return point;
}

SmallVector<Value> coordinatesAfter(Builder& b, SmallVector<Value> point, ArrayRef<Value> extents) {
  if (point.empty()) return point;
  Value carry = constant(b, 1), zero = constant(b, 0);
  for (size_t d = extents.size(); d-- > 1;) {
    Value next = add(b, point[d], carry);
    Value wraps = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, next, extents[d]);
    point[d] = arith::SelectOp::create(b, wraps, zero, next);
    carry = arith::SelectOp::create(b, wraps, constant(b, 1), zero);
  }
  point[0] = add(b, point[0], carry);
  return point;
}

}  // namespace heed::codegen
