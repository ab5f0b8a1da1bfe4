// heed.attention as tile.attention: names become dims, roles and maps. Its `classify` is left to the mask analysis,
// which the pass calls when all ops are lowered. Test: tests/passes/lower/attention.mlir.
#include "heed/codegen/tile/tile.h"
#include "heed/passes/ir/heed.h"
#include "heed/passes/ir/lowering.h"

using namespace mlir;

namespace heed::ir {
namespace {

/// The dims of the kernel. A contracted axis and an axis of the value may share a name: two dims.
struct Dims {
  SmallVector<StringRef> names, roles;

  void add(ArrayRef<Axis> axes, StringRef role) {
    for (const Axis& axis : axes)
      if (llvm::none_of(llvm::zip(names, roles), [&](auto dim) {
            return std::get<0>(dim) == axis.name && (role != "value" || std::get<1>(dim) != "depth");
          })) {
        names.push_back(axis.name);
        roles.push_back(role);
      }
  }
  /// The map of a buffer, none of whose axes is a dim of role `foreign`.
  AffineMap map(const Buffer& buffer, StringRef foreign) const {
    SmallVector<AffineExpr> dims;
    for (StringRef axis : buffer.axes)
      for (auto [d, name] : llvm::enumerate(names))
        if (name == axis && roles[d] != foreign) dims.push_back(getAffineDimExpr(d, buffer.memref.getContext()));
    return AffineMap::get(names.size(), 0, dims, buffer.memref.getContext());
  }
};

/// The region `from`, on scalars of arith and math; `widened`: floats among its arguments arrive as f32.
void convert(Region& from, Region& to, const Dims& dims, bool widened = false) {
  if (from.empty()) return;
  Block& source = from.front();
  Block& block = to.emplaceBlock();
  OpBuilder b = OpBuilder::atBlockEnd(&block);
  IRMapping done;
  for (BlockArgument argument : source.getArguments()) {
    Type type = widened && isa<FloatType>(argument.getType()) ? b.getF32Type() : argument.getType();
    done.map(argument, block.addArgument(type, argument.getLoc()));
  }
  for (Operation& op : source.without_terminator()) {
    if (isa<CastOp>(op) && done.lookup(op.getOperand(0)).getType() == op.getResult(0).getType()) {
      done.map(op.getResult(0), done.lookup(op.getOperand(0)));
      continue;
    }
    SmallVector<Value> elements = llvm::map_to_vector(op.getOperands(), [&](Value v) { return done.lookup(v); });
    auto position = [&](OpBuilder& at, StringRef axis) -> Value {
      return tile::IndexOp::create(at, op.getLoc(), at.getIndexType(),
                                   at.getI64IntegerAttr(llvm::find(dims.names, axis) - dims.names.begin()));
    };
    done.map(op.getResult(0), lowerScalar(&op, b, elements, position));
  }
  tile::YieldOp::create(b, source.getTerminator()->getLoc(), done.lookup(source.getTerminator()->getOperand(0)));
}

}  // namespace

LogicalResult AttentionOp::lower(Lowering& lowering) {
  OpBuilder& b = lowering.b;
  Location loc = getLoc();
  Axes scores = scoreAxes(), value = axesOf(getValue().getType());
  Dims dims;
  dims.add(without(scores, {getRow(), getKey()}), "outer");
  dims.add(*findAxis(scores, getRow()), "row");
  dims.add(*findAxis(scores, getKey()), "key");
  for (int64_t n = 0; n < similarities(); ++n) dims.add(contractedAxes(n), "depth");
  dims.add(value, "value");

  SmallVector<Value> similar, captures, initial;
  SmallVector<AffineMap> maps;
  auto place = [&](const Buffer& buffer, StringRef foreign) {
    maps.push_back(dims.map(buffer, foreign));
    return buffer.memref;
  };
  // An axis that is summed over exists in at least one operand, even where all of them repeat along it.
  SmallVector<Axes> unseen = llvm::map_to_vector(llvm::seq(similarities()), [&](int64_t n) {
    Axes axes = contractedAxes(n);
    for (Value operand : operandsOf(n)) axes = without(axes, lowering.buffer(operand).axes);
    return axes;
  });
  for (auto [operand, owner] : llvm::zip(getSimilar(), getSimilarity()))
    similar.push_back(place(lowering.spread(loc, lowering.buffer(operand), std::exchange(unseen[owner], {})), "value"));
  for (Value capture : getCaptures()) captures.push_back(place(lowering.buffer(capture), "depth"));
  Value values = place(lowering.spread(loc, lowering.buffer(getValue()), *findAxis(value, getKey())), "depth");
  for (Value state : getInitial()) initial.push_back(place(lowering.buffer(state), "depth"));
  Value out = place(lowering.allocate(getOut()), "depth"), lse;
  if (getLse()) lse = place(lowering.allocate(getLse()), "depth");

  auto fused =
      tile::AttentionOp::create(b, loc, similar, captures, values, initial, out, lse, getSimilarity(),
                                b.getStrArrayAttr(dims.roles), b.getAffineMapArrayAttr(maps), unsigned(similarities()));
  convert(getPost(), fused.getPost(), dims);
  convert(getKeep(), fused.getKeep(), dims);
  convert(getWeigh(), fused.getWeigh(), dims);
  for (auto [from, to] : llvm::zip(getBodies(), fused.getBodies())) convert(from, to, dims, /*widened=*/true);
  return success();
}

}  // namespace heed::ir
