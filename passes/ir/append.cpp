// append: the tokens of a call behind those that a state remembers. Test: tests/passes/ir/append_test.cpp.
#include "heed/passes/ir/heed.h"
#include "heed/passes/ir/interpret.h"
#include "heed/passes/ir/lowering.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace heed::ir {

LogicalResult AppendOp::inferReturnTypes(MLIRContext*, std::optional<Location> loc, Adaptor a,
                                         SmallVectorImpl<Type>& types) {
  Type state = a.getState().getType(), x = a.getX().getType(), past = a.getPast().getType();
  Axes axes = axesOf(state), given = axesOf(x);
  auto refuse = [&](const Twine& what) { return emitOptionalError(loc, "heed.append: ", what); };
  const Axis *memory = findAxis(axes, a.getMemory()), *tokens = findAxis(given, a.getTokens());
  if (!memory) return refuse("the state has axes " + describe(axes) + ", not " + a.getMemory());
  if (!tokens) return refuse("x has axes " + describe(given) + ", not " + a.getTokens());
  for (const Axis& axis : without(axes, a.getMemory()))
    if (const Axis* same = findAxis(given, axis.name); !same || !same->sameExtent(axis))
      return refuse("x has axes " + describe(given) + "; it needs " + axis.describe() + " of the state");
  if (given.size() != axes.size()) return refuse("x has axes " + describe(given) + ", more than the state");
  if (elementOf(x) != elementOf(state)) return refuse("x and the state have different element types");
  if (!elementOf(past).isInteger(32)) return refuse("the past must be of i32");
  for (const Axis& axis : axesOf(past))
    if (axis.name == a.getMemory() || !has(axes, axis.name))
      return refuse("the past has axis " + axis.name + ", which is none of the state's rows");
  types.push_back(state);
  return success();
}

LogicalResult AppendOp::verify() {
  if (!isa<BlockArgument>(getState()) || !getState().hasOneUse())
    return emitOpError("the state must be an argument that nothing else uses; it is written in place");
  return success();
}

// The value is new; that the argument is written in place shows in the next call only.
SmallVector<Reference> AppendOp::evaluate(ArrayRef<Reference> operands, Evaluation& evaluation) {
  Reference state = operands[0];
  const Reference &x = operands[1], &past = operands[2];
  int64_t room = state.extent(getMemory()), count = x.extent(getTokens());
  std::vector<std::string> target = x.axes;  // the state's axes as x orders them
  for (std::string& axis : target)
    if (axis == getTokens()) axis = getMemory().str();
  int64_t pitch = state.strides(getMemory().str())[0];
  SmallVector<int64_t> token(x.axes.size(), 0);
  for (auto [i, axis] : llvm::enumerate(x.axes)) token[i] = axis == getTokens();
  forEachRun(x.extents, {x.strides(x.axes), state.strides(target), past.strides(x.axes), token},
             [&](const int64_t* at, const int64_t* step, int64_t n) {
               for (int64_t i = 0; i < n; ++i) {
                 auto begin = static_cast<int64_t>(past.data[at[2] + i * step[2]]);
                 if (begin + at[3] + i * step[3] < 0 || begin + count > room) continue;
                 state.data[at[1] + i * step[1] + begin * pitch] = x.data[at[0] + i * step[0]];
               }
             });
  evaluation.remember(getState(), state);
  return {state};
}

LogicalResult AppendOp::lower(Lowering& lowering) {
  OpBuilder& b = lowering.b;
  Location loc = getLoc();
  Buffer state = lowering.buffer(getState()), x = lowering.buffer(getX()), past = lowering.buffer(getPast());
  lowering.bind(getResult(), state);
  Axes given = axesOf(getX().getType());
  Value count = lowering.extent(*findAxis(given, getTokens()));
  Value room = lowering.extent(*findAxis(axesOf(getState().getType()), getMemory()));
  auto index = [&](int64_t n) -> Value { return arith::ConstantIndexOp::create(b, loc, n); };

  // One row of the past after the other: each begins somewhere else.
  OpBuilder::InsertionGuard guard(b);
  llvm::StringMap<Value> position;
  SmallVector<Value> at;
  Axes rows = axesOf(getPast().getType());
  if (rows.empty()) rows.push_back({"", 1, ""});  // a loop even so: what reads a past is one thing, whatever its axes
  for (const Axis& axis : rows) {
    auto loop = scf::ForOp::create(b, loc, index(0), lowering.extent(axis), index(1));
    b.setInsertionPointToStart(loop.getBody());
    position[axis.name] = loop.getInductionVar();
  }
  for (StringRef axis : past.axes) at.push_back(position[axis]);
  Value begin = arith::IndexCastOp::create(b, loc, b.getIndexType(), memref::LoadOp::create(b, loc, past.memref, at));
  // A past that leaves no room is a mistake of the caller: nothing is written.
  Value end = arith::AddIOp::create(b, loc, begin, count);
  Value fits = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sle, end, room);
  // Tokens before position 0 are padding.
  Value padding = arith::MinSIOp::create(
      b, loc, arith::MaxSIOp::create(b, loc, arith::SubIOp::create(b, loc, index(0), begin), index(0)), count);
  begin = arith::AddIOp::create(b, loc, begin, padding);
  count = arith::SubIOp::create(b, loc, count, padding);
  auto guarded = scf::IfOp::create(b, loc, fits);
  b.setInsertionPointToStart(guarded.thenBlock());
  auto part = [&](const Buffer& whole, StringRef along) {
    SmallVector<OpFoldResult> offsets, sizes, strides;
    for (auto [d, axis] : llvm::enumerate(whole.axes)) {
      Value row = position.lookup(axis);
      bool here = axis == along;
      offsets.push_back(row    ? OpFoldResult(row)
                        : here ? OpFoldResult(along == getMemory() ? begin : padding)
                               : b.getIndexAttr(0));
      sizes.push_back(row    ? OpFoldResult(b.getIndexAttr(1))
                      : here ? OpFoldResult(count)
                             : OpFoldResult(lowering.extent(*findAxis(given, axis))));
      strides.push_back(b.getIndexAttr(1));
    }
    Buffer view{memref::SubViewOp::create(b, loc, whole.memref, offsets, sizes, strides), whole.axes};
    llvm::replace(view.axes, along, getTokens());
    return view;
  };
  Axes space = given;
  for (Axis& axis : space)
    if (position.count(axis.name)) axis = {axis.name, 1, ""};
  lowering.copy(loc, space, part(x, getTokens()), part(state, getMemory()));
  return success();
}

}  // namespace heed::ir
