// rows: ops that one walk along each row computes. Test: tests/passes/lower/rows.mlir.
#include "heed/passes/ir/rows.h"

#include "heed/codegen/tile/tile.h"
#include "heed/passes/ir/heed.h"
#include "heed/passes/ir/interpret.h"

using namespace mlir;

namespace heed::ir {

LogicalResult RowsOp::verify() {
  Block& block = getBody().front();
  auto yield = dyn_cast<YieldOp>(block.back());
  if (!yield || yield.getOperandTypes() != getResultTypes())
    return emitOpError("must end with a heed.yield of its results");
  if (llvm::any_of(yield->getOperands(), [&](Value v) { return v.getParentBlock() != &block; }))
    return emitOpError("must yield values of its body");
  std::optional<Axes> space;
  for (Operation& op : block.without_terminator())
    if (isa<RowWise>(op)) space = axesOf(op.getOperand(0).getType());
  if (!space) return emitOpError("holds no op that works row by row");
  Type row = tensorOf(Float32Type::get(getContext()), without(*space, getAxis()));
  Type all = tensorOf(Float32Type::get(getContext()), *space);
  for (Operation& op : block.without_terminator()) {
    auto reduction = dyn_cast<RowWise>(op);
    if (reduction ? reduction.alongAxis() != getAxis() : !isa<Elementwise>(op))
      return op.emitOpError() << "in heed.rows; elementwise ops and those along axis " << getAxis() << " are legal";
    Value value = reduction ? op.getOperand(0) : op.getResult(0);
    Type type = withElement(value.getType(), Float32Type::get(getContext()));
    // What all rows share may have another element type within: the weight of a norm.
    if (isa<CastOp>(op) && llvm::all_of(axesOf(type), [&](const Axis& axis) { return has(*space, axis.name); }))
      continue;
    if (!sameAxes(type, all) && (reduction || !sameAxes(type, row)))
      return op.emitOpError() << "in heed.rows is on axes " << describe(axesOf(type)) << "; those of the rows are "
                              << describe(*space);
  }
  return success();
}

SmallVector<Reference> RowsOp::evaluate(ArrayRef<Reference>, Evaluation& evaluation) {
  return evaluation.run(getBody().front());
}

LogicalResult RowsOp::lower(Lowering& lowering) {
  Block& block = getBody().front();
  SmallVector<Operation*> ops;
  for (Operation& op : block.without_terminator()) ops.push_back(&op);
  return lowering.inside(block, [&] {
    return lowerRows(lowering, getLoc(), ops, getAxis(), block.getTerminator()->getOperands(), getResults());
  });
}

LogicalResult lowerRow(Operation* op, Lowering& lowering) {
  return lowerRows(lowering, op->getLoc(), op, cast<RowWise>(op).alongAxis(), op->getResults(), op->getResults());
}

// ---- the kernel

RowRegion::RowRegion(Rows& rows)
    : b(rows.loc.getContext()), loc(rows.loc), rows_(rows), region_(std::make_unique<Region>()) {
  Block& block = region_->emplaceBlock();
  b.setInsertionPointToEnd(&block);
  for (Type type : rows.arguments) block.addArgument(type, loc);
  for (auto [n, leaf] : llvm::enumerate(rows.leaves)) done_.map(leaf, block.getArgument(n));
}

Value RowRegion::operator()(Value tensor) {
  SmallVector<Value> leaves;
  rows_.lowering.collectLeaves(tensor, leaves);
  for (Value leaf : leaves)
    if (!done_.contains(leaf)) done_.map(leaf, rows_.elements.at(leaf)(*this));
  return rows_.lowering.emit(b, tensor, done_, [&](OpBuilder& at, StringRef axis) -> Value {
    int64_t dim = llvm::find(rows_.names, axis) - rows_.names.begin();
    return tile::IndexOp::create(at, loc, at.getIndexType(), at.getI64IntegerAttr(dim));
  });
}

Value RowRegion::number(Type type, double value) { return arith::ConstantOp::create(b, loc, numberAttr(type, value)); }

RowElement Rows::reduce(StringRef combine, Type type, const RowElement& element) {
  RowRegion phase(*this);
  Type wide = isa<FloatType>(type) ? Type(phase.b.getF32Type()) : type;
  Value sum = phase.region_->addArgument(wide, loc), x = element(phase);
  if (x.getType() != wide) x = arith::ExtFOp::create(phase.b, loc, wide, x);
  OperationState state(loc, combine, {sum, x}, wide);
  tile::YieldOp::create(phase.b, loc, phase.b.create(state)->getResult(0));
  phases.push_back(std::move(phase.region_));
  arguments.push_back(wide);
  return [n = arguments.size() - 1](RowRegion& in) { return in.region_->getArgument(n); };
}

void Rows::add(Operation* op) {
  auto rowWise = dyn_cast<RowWise>(op);
  if (!rowWise) return;
  Type type = elementOf(op->getResult(0).getType());
  elements[op->getResult(0)] = [element = rowWise.lowerRow(*this), type](RowRegion& in) {
    Value x = element(in);
    return x.getType() == type ? x : arith::TruncFOp::create(in.b, in.loc, type, x).getResult();
  };
}

LogicalResult lowerRows(Lowering& lowering, Location loc, ArrayRef<Operation*> ops, StringRef axis, ValueRange stored,
                        ValueRange results) {
  Rows rows(lowering, loc);
  SmallVector<Value> roots(stored);
  Axes unseen;
  for (Operation* op : ops)
    if (isa<RowWise>(op)) {
      roots.push_back(op->getOperand(0));
      unseen = axesOf(op->getOperand(0).getType());
    }
  rows.names = namesOf(unseen);
  for (Value root : roots) lowering.collectLeaves(root, rows.leaves);
  llvm::erase_if(rows.leaves, [&](Value v) { return llvm::is_contained(ops, v.getDefiningOp()); });

  SmallVector<Buffer> inputs = llvm::map_to_vector(rows.leaves, [&](Value v) { return lowering.buffer(v); });
  SmallVector<Buffer> outs = llvm::map_to_vector(results, [&](Value v) { return lowering.allocate(v); });
  // An axis that no buffer has (a sum along a repeated axis) needs something that tells its extent.
  for (const Buffer& buffer : llvm::concat<Buffer>(inputs, outs)) unseen = without(unseen, buffer.axes);
  if (!unseen.empty()) inputs.push_back(lowering.spread(loc, outs[0], unseen));
  for (const Buffer& in : inputs) rows.arguments.push_back(in.element());

  for (Operation* op : ops) rows.add(op);
  RowRegion finish(rows);
  tile::YieldOp::create(finish.b, loc, llvm::map_to_vector(stored, [&](Value v) { return finish(v); }));
  SmallVector<StringRef> roles =
      llvm::map_to_vector(rows.names, [&](StringRef name) { return StringRef(name == axis ? "along" : "row"); });
  SmallVector<AffineMap> maps;
  for (const Buffer& buffer : llvm::concat<Buffer>(inputs, outs)) maps.push_back(buffer.map(rows.names));
  auto memrefs = [](ArrayRef<Buffer> all) {
    return llvm::map_to_vector(all, [](const Buffer& x) { return x.memref; });
  };
  auto kernel = tile::RowsOp::create(lowering.b, loc, memrefs(inputs), memrefs(outs), lowering.b.getStrArrayAttr(roles),
                                     lowering.b.getAffineMapArrayAttr(maps), rows.phases.size());
  kernel.getFinish().takeBody(*finish.region_);
  for (auto [from, to] : llvm::zip(rows.phases, kernel.getPhases())) to.takeBody(*from);
  return success();
}

}  // namespace heed::ir
