// repeat: N copies of a block. Test: tests/passes/ir/interpret_test.cpp.
#include "heed/passes/ir/heed.h"
#include "heed/passes/ir/interpret.h"
#include "heed/passes/ir/lowering.h"

using namespace mlir;

namespace heed::ir {

LogicalResult RepeatOp::verify() {
  Block& block = getBody().front();
  int64_t carries = getCarries().size(), own = int64_t(block.getNumArguments()) - carries;
  int64_t count = getCount();
  if (count < 0) return emitOpError() << "count is " << count << "; it must not be negative";
  if (own < 0 || int64_t(getParameters().size()) != own * count)
    return emitOpError() << "the body takes " << carries << " carries and " << own << " parameters; " << count
                         << " copies need " << own * count << " parameters, " << getParameters().size() << " are given";
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield) return emitOpError("the body must end with heed.yield");
  TypeRange types = getCarries().getTypes();
  if (TypeRange(block.getArgumentTypes()).take_front(carries) != types || yield.getOperandTypes() != types ||
      getResultTypes() != types)
    return emitOpError() << "the carries are (" << types << "); the body's arguments, what it yields and the results "
                         << "must have those types";
  for (auto [i, parameter] : llvm::enumerate(getParameters()))
    if (parameter.getType() != block.getArgument(carries + i / count).getType())
      return emitOpError() << "parameter " << i << " is " << parameter.getType() << "; the body takes "
                           << block.getArgument(carries + i / count).getType();
  return success();
}

SmallVector<Reference> RepeatOp::evaluate(ArrayRef<Reference> operands, Evaluation& evaluation) {
  Block& block = getBody().front();
  size_t carries = getCarries().size(), count = getCount();
  SmallVector<Reference> carried(operands.take_front(carries));
  for (size_t copy = 0; copy < count && !evaluation.failed(); ++copy) {
    for (auto [i, argument] : llvm::enumerate(block.getArguments()))
      evaluation.bind(argument, i < carries ? carried[i] : operands[carries + (i - carries) * count + copy]);
    carried = evaluation.run(block);
  }
  return carried;
}

LogicalResult RepeatOp::lower(Lowering& lowering) {
  Block& block = getBody().front();
  size_t carries = getCarries().size(), count = getCount();
  SmallVector<Buffer> carried = llvm::map_to_vector(getCarries(), [&](Value v) { return lowering.buffer(v); });
  for (size_t copy = 0; copy < count; ++copy) {
    lowering.forget(block);
    for (auto [i, argument] : llvm::enumerate(block.getArguments()))
      lowering.bind(argument,
                    i < carries ? carried[i] : lowering.buffer(getParameters()[(i - carries) * count + copy]));
    if (failed(lowering.run(block))) return failure();
    carried = llvm::map_to_vector(block.getTerminator()->getOperands(), [&](Value v) { return lowering.buffer(v); });
  }
  for (auto [result, buffer] : llvm::zip(getResults(), carried)) lowering.bind(result, buffer);
  return success();
}

// ---- yield

void YieldOp::build(OpBuilder&, OperationState&) {}

}  // namespace heed::ir
