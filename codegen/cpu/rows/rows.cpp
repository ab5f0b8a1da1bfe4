// Loops along a row: several vectors at a time where they are combined, so that no sum waits for the one before.
#include "heed/codegen/cpu/rows/rows.h"

#include "heed/codegen/cpu/loops/combine.h"
#include "heed/codegen/cpu/loops/tasks.h"
#include "heed/codegen/cpu/region.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/LoopInvariantCodeMotionUtils.h"

namespace heed::codegen {

using namespace mlir;

namespace {

constexpr int64_t grain = 32768;    // elements per task, as in every loop
constexpr int64_t sums = 4;         // vectors that are summed side by side: an addition takes four cycles
constexpr int64_t ahead = 4096;     // bytes: how far before it is needed a line of memory is asked for
constexpr int64_t large = 8 << 20;  // bytes of a result that is out of the caches before anybody reads it

bool areEqual(Value x, Value y) {
  return x == y || (getConstantIntValue(x) && getConstantIntValue(x) == getConstantIntValue(y));
}

/// Neutral elements; a sum begins at +0, as everywhere.
Value start(ImplicitLocOpBuilder& b, Operation* combiner, int lanes) {
  if (isa<arith::AddFOp>(combiner))
    return arith::ConstantOp::create(b, b.getZeroAttr(VectorType::get({lanes}, combiner->getResult(0).getType())));
  return neutralLanes(b, combiner, lanes);
}

}  // namespace

LogicalResult RowsKernel::emit(Builder& b) {
  for (OpOperand& operand : op->getOpOperands())
    views.push_back(viewOf(b, b.getLoc(), operand.get(), op.mapOf(operand)));
  extents = extentsOf(views);
  chooseLanes();
  Values points;
  Value lanes = constant(b, target.lanes);
  Value work = mul(b, extents[along], constant(b, int64_t(op.getPhases().size()) + 1));
  for (int64_t dim = 0; dim < int64_t(extents.size()); ++dim)
    if (dim != along && dim != lane) points.push_back(extents[dim]);
  if (lane != along) {
    points.push_back(ceiling(b, extents[lane], lanes));
    work = mul(b, work, lanes);
  }
  overTasks(b, points, work, grain, constant(b, 0), [&](Builder& b, ValueRange point, Value) {
    Place place{Values(views.size()), Values(extents.size())};
    for (auto [position, view] : llvm::zip(place.position, views)) position = view.offset;
    size_t next = 0;
    for (int64_t dim = 0; dim < int64_t(extents.size()); ++dim)
      if (dim != along && dim != lane) place = step(b, place, dim, point[next++]);
    if (lane == along) return emitRow(b, place, {});
    Value first = mul(b, point.back(), lanes), rest = sub(b, extents[lane], first);
    place = step(b, place, lane, first);
    Value whole = arith::CmpIOp::create(b, arith::CmpIPredicate::sge, rest, lanes);
    auto choice = scf::IfOp::create(b, whole, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(choice.thenBlock());
    emitRow(b, place, {target.lanes, {}, {}});
    b.setInsertionPointToStart(choice.elseBlock());
    emitRow(b, place, {target.lanes, maskOf(b, target.lanes, rest), rest});
  });
  return failure(failed);
}

/// Along the row, unless the operands that have all dims are contiguous along another one, most of them along one.
void RowsKernel::chooseLanes() {
  lane = along;
  llvm::DenseMap<int64_t, int> votes;
  for (const View& view : views)
    if (view.unit >= 0 && llvm::all_of(view.stride, [](Value stride) { return bool(stride); })) ++votes[view.unit];
  for (int64_t dim = 0; dim < int64_t(extents.size()); ++dim)
    if (votes.lookup(dim) > votes.lookup(lane)) lane = dim;
}

RowsKernel::Place RowsKernel::step(Builder& b, Place place, int64_t dim, Value by) const {
  for (auto [position, view] : llvm::zip(place.position, views)) position = advance(b, view, position, dim, by);
  place.index[dim] = place.index[dim] ? add(b, place.index[dim], by) : by;
  return place;
}

void RowsKernel::emitRow(Builder& b, const Place& place, Width width) {
  Row row{place, width, Values(op.getInputs().size()), {}};
  for (size_t n = 0; n < row.elements.size(); ++n)
    if (!views[n].has(along)) row.elements[n] = read(b, n, place, width);
  for (Region& phase : op.getPhases()) {
    asks = row.reduced.empty();
    row.reduced.push_back(reduce(b, row, phase));
  }
  asks = false;
  finish(b, row);
}

Value RowsKernel::reduce(Builder& b, const Row& row, Region& phase) {
  Block& block = phase.front();
  Operation* combiner = combinerOf(block.getArguments().back(), block.getTerminator()->getOperand(0));
  if (!combiner) {
    op.emitOpError("a phase combines with something else than an associative op");
    failed = true;
    return arith::ConstantOp::create(b, b.getZeroAttr(block.getArguments().back().getType()));
  }
  auto body = [&](Builder& b, const Place& place, Width width, Values carried) {
    for (auto [n, sum] : llvm::enumerate(carried)) {
      Place here = n ? step(b, place, along, constant(b, int64_t(n) * width.lanes)) : place;
      Value next = evaluate(b, phase, row, here, width, sum).front();
      sum = width.mask && lane == along ? arith::SelectOp::create(b, width.mask, next, sum).getResult() : next;
    }
    return carried;
  };
  Value zero = constant(b, 0), none = start(b, combiner, target.lanes);
  if (lane != along) return overRow(b, row, zero, extents[along], 1, {none}, body).front();
  Value many = multiple(b, extents[along], sums * target.lanes), full = multiple(b, extents[along], target.lanes);
  Values side = overRow(b, row, zero, many, sums * target.lanes, Values(sums, none), body);
  Value sum = combine(b, combiner, combine(b, combiner, side[0], side[1]), combine(b, combiner, side[2], side[3]));
  sum = overRow(b, row, many, full, target.lanes, {sum}, body).front();
  return combineLanes(b, combiner, overTail(b, row, full, {sum}, body).front());
}

void RowsKernel::finish(Builder& b, const Row& row) {
  size_t first = op.getInputs().size();
  auto body = [&](Builder& b, const Place& place, Width width, Values) {
    for (auto [n, value] : llvm::enumerate(evaluate(b, op.getFinish(), row, place, width)))
      if (views[first + n].has(along)) write(b, first + n, value, place, width);
    return Values();
  };
  ArrayRef<View> outs = ArrayRef(views).drop_front(first);
  if (llvm::any_of(outs, [&](const View& out) { return out.has(along); })) {
    Value full = lane == along ? multiple(b, extents[along], target.lanes) : extents[along];
    auto overAll = [&] { overRow(b, row, constant(b, 0), full, lane == along ? target.lanes : 1, {}, body); };
    if (Value goesPast = passesCaches(b, row.place)) {
      auto choice = scf::IfOp::create(b, goesPast, /*withElseRegion=*/true);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(choice.thenBlock());
      past = true, overAll(), past = false;
      b.setInsertionPointToStart(choice.elseBlock());
      overAll();
    } else {
      overAll();
    }
    if (lane == along) overTail(b, row, full, {}, body);
  }
  if (llvm::all_of(outs, [&](const View& out) { return out.has(along); })) return;
  for (auto [n, value] : llvm::enumerate(evaluate(b, op.getFinish(), row, row.place, row.width, {}, /*once=*/true)))
    if (!outs[n].has(along)) write(b, first + n, value, row.place, row.width);
}

/// Whether a row's vectors are to be stored past the caches, which saves reading what they overwrite: of a large
/// result, where they are whole lines. Null for never.
Value RowsKernel::passesCaches(Builder& b, const Place& place) {
  const int64_t line = target.lanes * int64_t(sizeof(float));
  if (!target.avx512 || lane != along) return {};
  Value all;
  for (size_t n = op.getInputs().size(); n < views.size(); ++n) {
    const View& out = views[n];
    if (!out.has(along)) continue;
    if (out.unit != along || !out.element.isF32()) return {};
    Value bytes = constant(b, sizeof(float));
    for (auto [stride, extent] : llvm::zip(out.stride, extents))
      if (stride) bytes = mul(b, bytes, extent);
    Value isLarge = arith::CmpIOp::create(b, arith::CmpIPredicate::sge, bytes, constant(b, large));
    Value start = memref::ExtractAlignedPointerAsIndexOp::create(b, out.base);
    Value at = add(b, start, mul(b, place.position[n], constant(b, sizeof(float))));
    Value rest = arith::AndIOp::create(b, at, constant(b, line - 1));
    Value aligned = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, rest, constant(b, 0));
    isLarge = arith::AndIOp::create(b, isLarge, aligned);
    all = all ? arith::AndIOp::create(b, all, isLarge).getResult() : isLarge;
  }
  return all;
}

RowsKernel::Values RowsKernel::overRow(Builder& b, const Row& row, Value from, Value to, int64_t step, Values carried,
                                       Body body) {
  if (areEqual(from, to)) return carried;
  Width width = lane == along ? Width{target.lanes, {}, {}} : row.width;
  auto loop = scf::ForOp::create(b, from, to, constant(b, step), carried);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Values next = body(b, this->step(b, row.place, along, loop.getInductionVar()), width,
                       llvm::to_vector(ValueRange(loop.getRegionIterArgs())));
    if (!next.empty()) scf::YieldOp::create(b, next);
  }
  moveLoopInvariantCode(loop);
  return llvm::to_vector(ValueRange(loop.getResults()));
}

RowsKernel::Values RowsKernel::overTail(Builder& b, const Row& row, Value from, Values carried, Body body) {
  Value rest = sub(b, extents[along], from);
  if (areEqual(rest, constant(b, 0))) return carried;
  auto at = [&](Builder& b) {
    return body(b, step(b, row.place, along, from), {target.lanes, maskOf(b, target.lanes, rest), rest}, carried);
  };
  if (getConstantIntValue(rest)) return at(b);
  Value any = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, rest, constant(b, 0));
  auto tail = scf::IfOp::create(b, ValueRange(carried).getTypes(), any, /*withElseRegion=*/!carried.empty());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(tail.thenBlock());
  Values next = at(b);
  if (carried.empty()) return {};
  scf::YieldOp::create(b, next);
  b.setInsertionPointToStart(tail.elseBlock());
  scf::YieldOp::create(b, carried);
  return llvm::to_vector(ValueRange(tail.getResults()));
}

RowsKernel::Values RowsKernel::evaluate(Builder& b, Region& region, const Row& row, const Place& place, Width width,
                                        Value sum, bool once) {
  Values arguments;
  for (size_t n = 0; n < row.elements.size(); ++n) {
    bool unused = region.getArgument(n).use_empty() || (once && views[n].has(along));
    arguments.push_back(unused            ? arith::ConstantOp::create(b, b.getZeroAttr(views[n].element)).getResult()
                        : row.elements[n] ? row.elements[n]
                                          : read(b, n, place, width));
  }
  arguments.append(row.reduced);
  if (sum) arguments.push_back(sum);
  RegionCloner cloner(b, b.getLoc(), width.lanes, target.fma, [&](int64_t dim) {
    return LaneIndex{dim == along && once ? constant(b, 0) : place.index[dim], dim == lane && width.lanes > 0};
  });
  Values values = cloner.clone(region, arguments);
  Operation* terminator = region.front().getTerminator();
  if (values.size() != terminator->getNumOperands()) {
    failed = true;  // the cloner has said why; give the loops something of the right type
    values.clear();
    for (Type type : terminator->getOperandTypes()) values.push_back(arith::ConstantOp::create(b, b.getZeroAttr(type)));
  }
  for (Value& value : values) value = cloner.broadcast(value);
  return values;
}

Value RowsKernel::read(Builder& b, size_t operand, const Place& place, Width width) {
  const View& view = views[operand];
  Value position = place.position[operand];
  if (width.lanes == 0 || !view.has(lane)) return load(b, view, position);
  if (view.unit == lane) {
    if (asks && lane == along && !width.mask) {
      Value next =
          add(b, position, constant(b, ahead * 8 / cast<MemRefType>(view.base.getType()).getElementTypeBitWidth()));
      memref::PrefetchOp::create(b, view.base, next, /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
    }
    return loadLanes(b, view, position, width.lanes, width.mask);
  }
  return gatherLanes(b, view, position, lane, width.lanes, width.count);
}

void RowsKernel::write(Builder& b, size_t operand, Value value, const Place& place, Width width) {
  const View& view = views[operand];
  Value position = place.position[operand];
  if (width.lanes == 0) return store(b, view, value, position);
  if (view.unit == lane && past) {
    llvm::Align line(target.lanes * sizeof(float));
    vector::StoreOp::create(b, value, view.base, position, /*nontemporal=*/true, llvm::MaybeAlign(line));
    return;
  }
  if (view.unit == lane) return storeLanes(b, view, value, position, width.mask);
  Value count = width.count ? width.count : constant(b, width.lanes);
  auto each = scf::ForOp::create(b, constant(b, 0), count, constant(b, 1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(each.getBody());
  Value element = vector::ExtractOp::create(b, value, each.getInductionVar());
  store(b, view, element, advance(b, view, position, lane, each.getInductionVar()));
}

}  // namespace heed::codegen
