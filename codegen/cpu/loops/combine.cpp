// The order of the tree is part of the result: it depends on the lane count alone.
#include "heed/codegen/cpu/loops/combine.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace heed::codegen {

using namespace mlir;
using Builder = ImplicitLocOpBuilder;

Operation* combinerOf(BlockArgument accumulator, Value result) {
  Operation* op = result.getDefiningOp();
  if (!op || op->getNumOperands() != 2 || !result.hasOneUse() || !accumulator.hasOneUse()) return nullptr;
  return llvm::is_contained(op->getOperands(), accumulator) && arith::getNeutralElement(op) ? op : nullptr;
}

Value neutralLanes(Builder& b, Operation* combiner, int lanes) {
  auto type = VectorType::get({lanes}, combiner->getResult(0).getType());
  return arith::ConstantOp::create(b, DenseElementsAttr::get(type, Attribute(*arith::getNeutralElement(combiner))));
}

Value combine(Builder& b, Operation* combiner, Value x, Value y) {
  OperationState state(b.getLoc(), combiner->getName().getStringRef(), {x, y}, {x.getType()}, combiner->getAttrs());
  state.propertiesAttr = combiner->getPropertiesAsAttribute();
  return b.create(state)->getResult(0);
}

Value combineLanes(Builder& b, Operation* combiner, Value lanes) {
  for (int64_t half = cast<VectorType>(lanes.getType()).getDimSize(0) / 2; half > 0; half /= 2) {
    auto lower = llvm::to_vector(llvm::seq<int64_t>(0, half)),
         upper = llvm::to_vector(llvm::seq<int64_t>(half, 2 * half));
    lanes = combine(b, combiner, vector::ShuffleOp::create(b, lanes, lanes, lower),
                    vector::ShuffleOp::create(b, lanes, lanes, upper));
  }
  return vector::ExtractOp::create(b, lanes, int64_t(0));
}

}  // namespace heed::codegen
