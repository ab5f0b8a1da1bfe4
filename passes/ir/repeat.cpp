// repeat: N copies of a block. Test: tests/passes/ir/interpret_test.cpp.
#include "heed/codegen/tile/tile.h"
#include "heed/passes/ir/heed.h"
#include "heed/passes/ir/interpret.h"
#include "heed/passes/ir/lowering.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Transforms/RegionUtils.h"

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
    // What an inner state became, its copy out there has become.
    for (unsigned i = carries; i < block.getNumArguments(); ++i)
      if (llvm::any_of(block.getArgument(i).getUsers(), llvm::IsaPred<AppendOp, RepeatOp>))
        evaluation.remember(getParameters()[(i - carries) * count + copy], evaluation.at(block.getArgument(i)));
  }
  return carried;
}

/// Copy by copy: what a repeat without parameter lists needs.
static LogicalResult lowerCopies(RepeatOp op, Lowering& lowering) {
  Block& block = op.getBody().front();
  size_t carries = op.getCarries().size(), count = op.getCount();
  SmallVector<Buffer> carried = llvm::map_to_vector(op.getCarries(), [&](Value v) { return lowering.buffer(v); });
  for (size_t copy = 0; copy < count; ++copy) {
    lowering.forget(block);
    for (auto [i, argument] : llvm::enumerate(block.getArguments()))
      lowering.bind(argument,
                    i < carries ? carried[i] : lowering.buffer(op.getParameters()[(i - carries) * count + copy]));
    if (failed(lowering.run(block))) return failure();
    carried = llvm::map_to_vector(block.getTerminator()->getOperands(), [&](Value v) { return lowering.buffer(v); });
  }
  for (auto [result, buffer] : llvm::zip(op.getResults(), carried)) lowering.bind(result, buffer);
  return success();
}

/// Once, in a loop over the copies. A carry has two buffers: the body reads one, writes the other, and they change
/// places.
static LogicalResult lowerLoop(RepeatOp op, ArrayRef<Value> lists, Lowering& lowering) {
  OpBuilder& b = lowering.b;
  Location loc = op.getLoc();
  Block& block = op.getBody().front();
  Operation* yield = block.getTerminator();
  size_t carries = op.getCarries().size();
  auto named = [](Value memref, Value like) { return Buffer{memref, namesOf(axesOf(like.getType()))}; };

  // What comes from above is computed above. A number or an index is nothing to compute.
  llvm::SetVector<Value> above;
  getUsedValuesDefinedAbove(op.getBody(), above);
  for (Value value : above)
    if (!value.getDefiningOp() || value.getDefiningOp()->getNumOperands()) (void)lowering.buffer(value);

  SmallVector<Value> buffers;
  for (Value carry : op.getCarries())
    buffers.push_back(lowering.allocate(loc, axesOf(carry.getType()), elementOf(carry.getType())).memref);
  for (auto [carry, buffer] : llvm::zip(op.getCarries(), buffers))
    lowering.loop(loc, axesOf(carry.getType()), carry, {}, named(buffer, carry),
                  [](OpBuilder&, ValueRange elements, Value) { return elements[0]; });
  for (Value carry : op.getCarries())
    buffers.push_back(lowering.allocate(loc, axesOf(carry.getType()), elementOf(carry.getType())).memref);

  auto index = [&](int64_t n) { return arith::ConstantIndexOp::create(b, loc, n); };
  auto loop = scf::ForOp::create(b, loc, index(0), index(op.getCount()), index(1), buffers);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  ValueRange in = loop.getRegionIterArgs().take_front(carries), out = loop.getRegionIterArgs().drop_front(carries);
  auto item = [&](Value list) -> Value {
    return tile::ItemOp::create(b, loc, cast<tile::ListType>(list.getType()).getElement(), list,
                                loop.getInductionVar());
  };
  LogicalResult result = success();
  lowering.nested([&] {
    for (auto [n, argument] : llvm::enumerate(block.getArguments())) {
      Value memref = n < carries ? Value(in[n]) : item(lists[n - carries]);
      lowering.bind(argument, named(memref, argument));
    }
    for (auto [next, buffer] : llvm::zip(yield->getOperands(), out)) lowering.want(next, named(buffer, next));
    result = lowering.run(block);
    if (failed(result)) return;
    for (auto [next, buffer] : llvm::zip(yield->getOperands(), out))
      if (Buffer computed = lowering.buffer(next); !lowering.isBoundTo(next, named(buffer, next)))
        lowering.copy(loc, axesOf(next.getType()), computed, named(buffer, next));
  });
  SmallVector<Value> swapped(out);
  llvm::append_range(swapped, in);
  scf::YieldOp::create(b, loc, swapped);
  for (auto [n, value] : llvm::enumerate(op.getResults())) lowering.bind(value, named(loop.getResult(n), value));
  return result;
}

LogicalResult RepeatOp::lower(Lowering& lowering) {
  SmallVector<Value> lists;
  for (unsigned n = getCarries().size(); n < getBody().getNumArguments(); ++n)
    lists.push_back(lowering.list(getParameters().slice((n - getCarries().size()) * getCount(), getCount())));
  bool looped = llvm::all_of(lists, [](Value list) { return bool(list); });
  return looped ? lowerLoop(*this, lists, lowering) : lowerCopies(*this, lowering);
}

// ---- yield

void YieldOp::build(OpBuilder&, OperationState&) {}

}  // namespace heed::ir
