// Elementwise evaluation and lowering, shared by all Elementwise ops. Test: tests/passes/ir/pointwise_test.cpp.
#include "heed/passes/ir/elements.h"

#include "heed/passes/ir/heed.h"
#include "heed/passes/ir/interpret.h"
#include "heed/passes/ir/lowering.h"

using namespace mlir;

namespace heed::ir {

TypedAttr numberAttr(Type element, double value) {
  if (auto real = dyn_cast<FloatType>(element)) return FloatAttr::get(real, value);
  if (element.isInteger(1)) return BoolAttr::get(element.getContext(), value != 0);
  return IntegerAttr::get(element, static_cast<int64_t>(value));
}

double numberOf(Attribute attr) {
  if (auto real = dyn_cast<FloatAttr>(attr)) return real.getValueAsDouble();
  auto integer = cast<IntegerAttr>(attr);
  return integer.getType().isInteger(1) ? integer.getValue().getBoolValue() : integer.getInt();
}

Reference evaluateElements(Operation* op, ArrayRef<Reference> operands) {
  Reference out = blank(op->getResult(0).getType(), operands);
  ScalarFunction meaning = cast<Elementwise>(op).scalarMeaning();
  SmallVector<SmallVector<int64_t>> strides{out.strides(out.axes)};
  for (const Reference& x : operands) strides.push_back(x.strides(out.axes));
  SmallVector<double> x(operands.size());
  forEachRun(out.extents, strides, [&](const int64_t* at, const int64_t* step, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      for (size_t k = 0; k < operands.size(); ++k) x[k] = operands[k].data[at[k + 1] + i * step[k + 1]];
      out.data[at[0] + i * step[0]] = meaning(x.data());
    }
  });
  return out;
}

LogicalResult lowerElements(Operation* op, Lowering& lowering) {
  lowering.elementwise(op);
  return success();
}

}  // namespace heed::ir
