// contract: the sum of products over named axes. Test: tests/passes/ir/reduce_test.cpp.
#include "heed/codegen/tile/tile.h"
#include "heed/passes/ir/heed.h"
#include "heed/passes/ir/interpret.h"
#include "heed/passes/ir/lowering.h"
#include "heed/passes/ir/made_of.h"

using namespace mlir;

namespace heed::ir {

LogicalResult ContractOp::inferReturnTypes(MLIRContext*, std::optional<Location> loc, Adaptor adaptor,
                                           SmallVectorImpl<Type>& types) {
  Type left = adaptor.getLhs().getType(), right = adaptor.getRhs().getType();
  if (elementOf(left) != elementOf(right))
    return emitOptionalError(loc, "heed.contract: lhs is ", elementOf(left), ", rhs is ", elementOf(right),
                             "; one element type is required; cast one of them?");
  if (elementOf(left).isInteger(1)) return emitOptionalError(loc, "heed.contract: is not defined for i1; cast to i32?");
  SmallVector<StringRef> summed = namesOf(adaptor.getAxes());
  for (StringRef axis : summed)
    for (auto [side, type] : {std::pair("lhs", left), std::pair("rhs", right)})
      if (!has(axesOf(type), axis))
        return emitOptionalError(loc, "heed.contract: sums over axis ", axis, "; ", side, " has axes ",
                                 describe(axesOf(type)), "; both must have it; rename one of them?");
  Axes axes = axesOf(left);
  if (failed(unite(loc, "contract", axes, axesOf(right)))) return failure();
  types.push_back(tensorOf(elementOf(left), without(axes, summed)));
  return success();
}

/// Whether x is a softmax, or made of one by ops that leave each element where it is. A weight of 0 is no product: what
/// a hidden key holds counts for nothing, NaN included.
static bool weighs(Value x) {
  return madeOf(
      x, [](Value v) { return bool(v.getDefiningOp<SoftmaxOp>()); },
      [](Operation* op) { return isa<Elementwise, RenameOp, SplitOp, MergeOp>(op); });
}

SmallVector<Reference> ContractOp::evaluate(ArrayRef<Reference> x, Evaluation& evaluation) {
  Reference out = blank(getType(), x);
  std::vector<std::string> space = out.axes;
  std::vector<int64_t> extents = out.extents;
  for (StringRef axis : namesOf(getAxes())) {
    space.push_back(axis.str());
    extents.push_back(x[0].extent(axis));
  }
  const bool left = weighs(getLhs()), right = weighs(getRhs());
  forEachRun(extents, {out.strides(space), x[0].strides(space), x[1].strides(space)},
             [&](const int64_t* at, const int64_t* step, int64_t count) {
               double* o = &out.data[at[0]];
               const double *l = &x[0].data[at[1]], *r = &x[1].data[at[2]];
               for (int64_t i = 0; i < count; ++i) {
                 if ((left && l[i * step[1]] == 0) || (right && r[i * step[2]] == 0)) continue;
                 double& sum = o[i * step[0]];
                 sum = evaluation.kept(sum + l[i * step[1]] * r[i * step[2]]);
               }
             });
  return {out};
}

LogicalResult ContractOp::lower(Lowering& lowering) { return lowerWithEpilogue(lowering, getResult(), getResult()); }

/// Floats, and the lanes do not move to an axis that both operands have: no tile has its sums side by side.
bool ContractOp::takesEpilogue(Type stored) {
  Axes own = axesOf(getType()), next = axesOf(stored);
  if (!isa<FloatType>(elementOf(getType())) || !isa<FloatType>(elementOf(stored))) return false;
  if (own.empty() || next.back().name == own.back().name) return true;
  StringRef lanes = next.back().name;
  return has(axesOf(getLhs().getType()), lanes) != has(axesOf(getRhs().getType()), lanes);
}

LogicalResult ContractOp::lowerWithEpilogue(Lowering& lowering, Value stored, Value result) {
  OpBuilder& b = lowering.b;
  Axes summed;
  for (StringRef axis : namesOf(getAxes())) summed.push_back(*findAxis(axesOf(getLhs().getType()), axis));
  Buffer left = lowering.spread(getLoc(), lowering.buffer(getLhs()), summed);
  Buffer right = lowering.spread(getLoc(), lowering.buffer(getRhs()), summed);
  SmallVector<Value> leaves;
  lowering.collectLeaves(stored, leaves);
  llvm::erase(leaves, getResult());
  SmallVector<Buffer> captures = llvm::map_to_vector(leaves, [&](Value v) { return lowering.buffer(v); });
  Buffer out = lowering.allocate(result);

  Axes space = axesOf(getType());
  space.append(summed);
  if (!isa<FloatType>(out.element())) {
    lowering.fill(getLoc(), out, 0);
    lowering.loop(getLoc(), space, {}, {left, right}, out, [&](OpBuilder& in, ValueRange x, Value sum) -> Value {
      return arith::AddIOp::create(in, getLoc(), sum, arith::MulIOp::create(in, getLoc(), x[0], x[1]));
    });
    return success();
  }
  auto isOuter = [&](StringRef axis) { return left.has(axis) == right.has(axis); };
  // Sums that lie side by side along no row or column stay in memory while they grow: in f32.
  Buffer sums = out;
  if (!out.element().isF32() && (out.axes.empty() || isOuter(out.axes.back())))
    sums = lowering.allocate(getLoc(), axesOf(result.getType()), b.getF32Type());
  SmallVector<StringRef> roles, names = namesOf(space);
  for (StringRef axis : names)
    roles.push_back(!out.has(axis) ? "depth" : isOuter(axis) ? "outer" : left.has(axis) ? "row" : "column");
  SmallVector<Value> memrefs;
  SmallVector<AffineMap> maps{left.map(names), right.map(names)};
  for (const Buffer& capture : captures) {
    memrefs.push_back(capture.memref);
    maps.push_back(capture.map(names));
  }
  maps.push_back(sums.map(names));
  auto kernel = tile::ContractOp::create(b, getLoc(), left.memref, right.memref, memrefs, sums.memref,
                                         b.getStrArrayAttr(roles), b.getAffineMapArrayAttr(maps));
  if (stored != getResult()) {
    Block& epilogue = kernel.getEpilogue().emplaceBlock();
    OpBuilder inner = OpBuilder::atBlockEnd(&epilogue);
    IRMapping done;
    done.map(getResult(), epilogue.addArgument(b.getF32Type(), getLoc()));
    for (Value leaf : leaves) done.map(leaf, epilogue.addArgument(elementOf(leaf.getType()), leaf.getLoc()));
    Value element = lowering.emit(inner, stored, done, [&](OpBuilder& at, StringRef axis) -> Value {
      return tile::IndexOp::create(at, getLoc(), at.getIndexType(),
                                   at.getI64IntegerAttr(llvm::find(names, axis) - names.begin()));
    });
    if (element.getType() != sums.element()) element = arith::ExtFOp::create(inner, getLoc(), sums.element(), element);
    tile::YieldOp::create(inner, stored.getLoc(), element);
  }
  if (sums.memref != out.memref) lowering.copy(getLoc(), axesOf(result.getType()), sums, out);
  return success();
}

}  // namespace heed::ir
