// tile.rows: a warp for each row, lanes along it; or a thread for each row, where rows lie side by side.
#include "heed/codegen/cpu/loops/combine.h"
#include "heed/codegen/gpu/kernels.h"
#include "heed/codegen/gpu/place.h"

namespace heed::codegen::gpu {

using namespace mlir;

namespace {

/// A sum begins at +0, as everywhere.
Value start(Builder& b, Operation* combiner) {
  if (isa<arith::AddFOp>(combiner))
    return arith::ConstantOp::create(b, b.getZeroAttr(combiner->getResult(0).getType()));
  return arith::ConstantOp::create(b, *arith::getNeutralElement(combiner));
}

class Rows {
 public:
  Rows(Builder& b, tile::RowsOp op) : op(op), along(op.along()) {
    for (OpOperand& operand : op->getOpOperands())
      views.push_back(viewOf(b, b.getLoc(), operand.get(), op.mapOf(operand)));
    extents = extentsOf(views);
  }

  LogicalResult emit(Builder& b) {
    // Neighbouring threads read neighbouring elements: along the row, unless most operands are contiguous elsewhere.
    int64_t fast = along;
    llvm::DenseMap<int64_t, int> votes;
    for (const View& view : views)
      if (view.unit >= 0 && llvm::all_of(view.stride, [](Value stride) { return bool(stride); })) ++votes[view.unit];
    for (int64_t dim = 0; dim < int64_t(extents.size()); ++dim)
      if (votes.lookup(dim) > votes.lookup(fast)) fast = dim;
    SmallVector<int64_t> rows;
    for (int64_t dim = 0; dim < int64_t(extents.size()); ++dim)
      if (dim != along && dim != fast) rows.push_back(dim);
    if (fast != along) rows.push_back(fast);
    Values points;
    for (int64_t dim : rows) points.push_back(extents[dim]);
    launchOver(b, points, fast == along ? warpSize : 1, [&](Builder& b, ValueRange point, Value lane) {
      row(b, Place(views, extents.size()).step(b, views, rows, point), lane);
    });
    return failure(failed);
  }

 private:
  void row(Builder& b, const Place& place, Value lane) {
    elements.assign(op.getInputs().size(), Value());
    for (size_t n = 0; n < elements.size(); ++n)
      if (!views[n].has(along)) elements[n] = load(b, views[n], place.position[n]);
    reduced.clear();
    for (Region& phase : op.getPhases()) reduced.push_back(reduce(b, phase, place, lane));

    size_t first = op.getInputs().size();
    ArrayRef<View> outs = ArrayRef(views).drop_front(first);
    auto write = [&](const Place& place, bool once) {
      for (auto [n, value] : llvm::enumerate(evaluate(b, op.getFinish(), place, {}, once)))
        if (outs[n].has(along) != once) store(b, outs[n], value, place.position[first + n]);
    };
    if (llvm::any_of(outs, [&](const View& out) { return out.has(along); }))
      overRow(b, place, lane, {}, [&](const Place& place, Values) { return write(place, false), Values(); });
    if (llvm::all_of(outs, [&](const View& out) { return out.has(along); })) return;
    if (!lane) return write(place, true);
    when(b, arith::CmpIOp::create(b, arith::CmpIPredicate::eq, lane, constant(b, 0)), [&] { write(place, true); });
  }

  Value reduce(Builder& b, Region& phase, const Place& place, Value lane) {
    Block& block = phase.front();
    Operation* combiner = combinerOf(block.getArguments().back(), block.getTerminator()->getOperand(0));
    if (!combiner) {
      op.emitOpError("a phase combines with something else than an associative op");
      failed = true;
      return arith::ConstantOp::create(b, b.getZeroAttr(block.getArguments().back().getType()));
    }
    Value sum = overRow(b, place, lane, {start(b, combiner)},
                        [&](const Place& place, Values so) { return evaluate(b, phase, place, so[0], false); })[0];
    if (!lane) return sum;
    return acrossLanes(b, sum, warpSize, [&](Value x, Value y) { return combine(b, combiner, x, y); });
  }

  /// The elements of the row that are this lane's, or all.
  Values overRow(Builder& b, const Place& place, Value lane, Values carried,
                 llvm::function_ref<Values(const Place&, Values)> body) {
    auto loop =
        scf::ForOp::create(b, lane ? lane : constant(b, 0), extents[along], constant(b, lane ? warpSize : 1), carried);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Values next = body(place.step(b, views, along, loop.getInductionVar()),
                       llvm::to_vector(ValueRange(loop.getRegionIterArgs())));
    if (!next.empty()) scf::YieldOp::create(b, next);
    return llvm::to_vector(ValueRange(loop.getResults()));
  }

  /// What a region yields; `sum` is the last argument of a phase. Elements along the row are left out of what is
  /// computed `once` for it.
  Values evaluate(Builder& b, Region& region, const Place& place, Value sum, bool once) {
    Values arguments;
    for (size_t n = 0; n < elements.size(); ++n) {
      bool unused = region.getArgument(n).use_empty() || (once && views[n].has(along));
      arguments.push_back(unused        ? arith::ConstantOp::create(b, b.getZeroAttr(views[n].element)).getResult()
                          : elements[n] ? elements[n]
                                        : load(b, views[n], place.position[n]));
    }
    arguments.append(reduced);
    if (sum) arguments.push_back(sum);
    Place here = place;
    if (once) here.index[along] = constant(b, 0);
    Values values = here.evaluate(b, region, arguments);
    if (!values.empty()) return values;
    failed = true;  // the cloner has said why
    for (Type type : region.front().getTerminator()->getOperandTypes())
      values.push_back(arith::ConstantOp::create(b, b.getZeroAttr(type)));
    return values;
  }

  tile::RowsOp op;
  int64_t along;
  SmallVector<View> views;  // of each operand
  Values extents;
  Values elements, reduced;  // of the row at work: inputs that do not vary along it, and its reductions so far
  bool failed = false;
};

}  // namespace

LogicalResult lowerRows(tile::RowsOp op) {
  Builder b(op.getLoc(), op);
  if (failed(Rows(b, op).emit(b))) return failure();
  op.erase();
  return success();
}

}  // namespace heed::codegen::gpu
