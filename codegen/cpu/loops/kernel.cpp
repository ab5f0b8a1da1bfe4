// Loops around the body: tasks over result elements, then reductions, with the lanes innermost or just outside them.
#include "heed/codegen/cpu/loops/kernel.h"

#include "heed/codegen/cpu/loops/combine.h"
#include "heed/codegen/cpu/loops/tasks.h"
#include "heed/codegen/cpu/region.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace heed::codegen {

using namespace mlir;

namespace {
constexpr int64_t grain = 32768;     // elements per task: some 10 us of work, ten times what a fork costs
constexpr int64_t laneBlock = 4096;  // elements of the lane dim per point: 16 KiB of each operand
}  // namespace

LogicalResult Kernel::emit(Builder& b) {
  readOperands(b);
  chooseLanes();
  Value work = constant(b, 1), blocks;
  Values points;
  for (int64_t dim : outer) points.push_back(extents[dim]);
  for (int64_t dim : reduced) work = mul(b, work, extents[dim]);
  if (kind == LaneKind::Reduction) work = mul(b, work, extents[lane]);
  if (kind == LaneKind::Parallel) {
    work = mul(b, work, smaller(b, extents[lane], constant(b, laneBlock)));
    points.push_back(ceiling(b, extents[lane], constant(b, laneBlock)));
  }
  overTasks(b, points, work, grain, constant(b, 0), [&](Builder& b, ValueRange point, Value) {
    Place place{Values(views.size()), Values(extents.size())};
    for (auto [position, view] : llvm::zip(place.position, views)) position = view.offset;
    for (auto [dim, index] : llvm::zip(outer, point)) place = step(b, place, dim, index);
    if (kind == LaneKind::Parallel) return emitParallelLanes(b, place, point.back());
    if (kind == LaneKind::Reduction) return emitReductionLanes(b, place);
    emitPoint(b, place, {});
  });
  return failure(failed);
}

void Kernel::readOperands(Builder& b) {
  for (auto [operand, map] : llvm::zip(op->getOperands(), op.getIndexingMapsArray())) {
    if (isa<MemRefType>(operand.getType())) {
      views.push_back(viewOf(b, b.getLoc(), operand, map));
      continue;
    }
    View scalar;
    scalar.element = operand.getType();
    scalar.stride.resize(map.getNumDims());
    scalar.extent.resize(map.getNumDims());
    views.push_back(scalar);
  }
  extents = extentsOf(views);
}

/// Results decide; but when an input would be read across its rows and a reduced dim runs along them, the lanes go
/// there.
void Kernel::chooseLanes() {
  ArrayRef<View> all(views), results = all.drop_front(op.getNumDpsInputs());
  auto iterators = op.getIteratorTypesArray();
  auto parallel = [&](int64_t dim) { return iterators[dim] == utils::IteratorType::parallel; };
  int64_t along = results.front().unit;
  if (along < 0 || !parallel(along) || llvm::any_of(results, [&](const View& v) { return v.unit != along; }))
    along = -1;
  bool strided = llvm::any_of(all, [&](const View& v) { return along >= 0 && v.has(along) && v.unit != along; });
  if (along >= 0) kind = LaneKind::Parallel, lane = along;
  if ((along < 0 || strided) && reducible())
    for (const View& input : all.drop_back(results.size()))
      if (input.unit >= 0 && !parallel(input.unit)) {
        kind = LaneKind::Reduction, lane = input.unit;
        break;
      }
  for (int64_t dim = 0; dim < int64_t(iterators.size()); ++dim)
    if (dim != lane) (parallel(dim) ? outer : reduced).push_back(dim);
}

Operation* Kernel::combiner(size_t result) {
  Block& body = *op.getBlock();
  return combinerOf(body.getArgument(op.getNumDpsInputs() + result), body.getTerminator()->getOperand(result));
}

bool Kernel::reducible() {
  for (int64_t n = 0; n < op.getNumDpsInits(); ++n)
    if (!combiner(n)) return false;
  return !hazardous();
}

/// Whether a lane that holds no element could trap: then tails are scalar.
bool Kernel::hazardous() {
  return llvm::any_of(*op.getBlock(), [](Operation& inner) {
    return isa<memref::LoadOp, arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp, arith::CeilDivSIOp,
               arith::FloorDivSIOp, arith::CeilDivUIOp>(inner);
  });
}

Kernel::Place Kernel::step(Builder& b, Place place, int64_t dim, Value by) const {
  for (auto [position, view] : llvm::zip(place.position, views))
    if (position) position = advance(b, view, position, dim, by);
  place.index[dim] = place.index[dim] ? add(b, place.index[dim], by) : by;
  return place;
}

void Kernel::emitParallelLanes(Builder& b, const Place& place, Value block) {
  Value first = mul(b, block, constant(b, laneBlock)), one = constant(b, 1);
  Value last = smaller(b, add(b, first, constant(b, laneBlock)), extents[lane]);
  Value full = add(b, first, multiple(b, sub(b, last, first), target.lanes));
  auto loop = [&](Value from, Value to, Value by, Width width) {
    auto loop = scf::ForOp::create(b, from, to, by);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    emitPoint(b, step(b, place, lane, loop.getInductionVar()), width);
  };
  loop(first, full, constant(b, target.lanes), {target.lanes, {}, {}});
  if (hazardous()) return loop(full, last, one, {});
  Value rest = sub(b, last, full);
  Value any = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, full, last);
  auto tail = scf::IfOp::create(b, any, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(tail.thenBlock());
  emitPoint(b, step(b, place, lane, full), {target.lanes, maskOf(b, target.lanes, rest), rest});
}

void Kernel::emitPoint(Builder& b, const Place& place, Width width) {
  Values results;
  for (size_t n = op.getNumDpsInputs(); n < views.size(); ++n) {
    bool used = !op.getBlock()->getArgument(n).use_empty();
    results.push_back(used || !reduced.empty() ? before(b, n, place, width) : Value());
  }
  results = overReductions(b, reduced, place, results, [&](Builder& b, const Place& place, Values results) {
    return evaluate(b, place, results, width);
  });
  for (auto [n, value] : llvm::enumerate(results)) {
    const View& view = views[op.getNumDpsInputs() + n];
    Value position = place.position[op.getNumDpsInputs() + n];
    value = finish(b, value, place, width);
    if (width.lanes)
      storeLanes(b, view, value, position, width.mask);
    else
      store(b, view, value, position);
  }
}

/// Each lane combines its share from the neutral element on; then the lanes are combined, then the result so far.
void Kernel::emitReductionLanes(Builder& b, const Place& place) {
  Width width{target.lanes, {}, {}};
  Values partial;
  for (int64_t n = 0; n < op.getNumDpsInits(); ++n) partial.push_back(neutralLanes(b, combiner(n), target.lanes));
  partial = overReductions(b, reduced, place, partial, [&](Builder& b, const Place& place, Values partial) {
    Value full = multiple(b, extents[lane], target.lanes), rest = sub(b, extents[lane], full);
    auto loop = scf::ForOp::create(b, constant(b, 0), full, constant(b, target.lanes), partial,
                                   [&](OpBuilder& nested, Location loc, Value from, ValueRange carried) {
                                     ImplicitLocOpBuilder b(loc, nested);
                                     scf::YieldOp::create(
                                         b, evaluate(b, step(b, place, lane, from), llvm::to_vector(carried), width));
                                   });
    Value any = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, rest, constant(b, 0));
    auto tail = scf::IfOp::create(
        b, any,
        [&](OpBuilder& nested, Location loc) {
          ImplicitLocOpBuilder b(loc, nested);
          Value mask = maskOf(b, target.lanes, rest);
          Values before = llvm::to_vector(ValueRange(loop.getResults()));
          Values after = evaluate(b, step(b, place, lane, full), before, {target.lanes, mask, rest});
          for (auto [old, now] : llvm::zip(before, after)) now = arith::SelectOp::create(b, mask, now, old);
          scf::YieldOp::create(b, after);
        },
        [&](OpBuilder& nested, Location loc) { scf::YieldOp::create(nested, loc, loop.getResults()); });
    return llvm::to_vector(ValueRange(tail.getResults()));
  });
  for (auto [n, lanes] : llvm::enumerate(partial)) {
    size_t operand = op.getNumDpsInputs() + n;
    Value sum = combineLanes(b, combiner(n), lanes);
    Value result = combine(b, combiner(n), before(b, operand, place, {}), sum);
    store(b, views[operand], finish(b, result, place, {}), place.position[operand]);
  }
}

Kernel::Values Kernel::overReductions(Builder& b, ArrayRef<int64_t> dims, const Place& place, Values carried,
                                      Inner inner) {
  if (dims.empty()) return inner(b, place, carried);
  auto loop = scf::ForOp::create(b, constant(b, 0), extents[dims.front()], constant(b, 1), carried,
                                 [&](OpBuilder& nested, Location loc, Value index, ValueRange carried) {
                                   ImplicitLocOpBuilder b(loc, nested);
                                   Place next = step(b, place, dims.front(), index);
                                   scf::YieldOp::create(
                                       b, overReductions(b, dims.drop_front(), next, llvm::to_vector(carried), inner));
                                 });
  return llvm::to_vector(ValueRange(loop.getResults()));
}

Kernel::Values Kernel::evaluate(Builder& b, const Place& place, Values results, Width width) {
  Values arguments;
  for (size_t n = 0; n < views.size(); ++n) {
    if (op.getBlock()->getArgument(n).use_empty())  // nothing reads it: any value of the type
      arguments.push_back(arith::ConstantOp::create(b, b.getZeroAttr(views[n].element)));
    else
      arguments.push_back(isResult(n) ? results[n - op.getNumDpsInputs()] : read(b, n, place, width));
  }
  return cloneRegion(b, op->getRegion(0), arguments, place, width);
}

Kernel::Values Kernel::cloneRegion(Builder& b, Region& region, Values arguments, const Place& place, Width width) {
  RegionCloner cloner(b, b.getLoc(), width.lanes, /*contract=*/false, [&](int64_t dim) {
    return LaneIndex{place.index[dim], dim == lane && width.lanes > 0};
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

Value Kernel::before(Builder& b, size_t operand, const Place& place, Width width) {
  if (!epilogue) return read(b, operand, place, width);
  Type type = views[operand].element;
  if (width.lanes) type = VectorType::get({width.lanes}, type);
  return arith::ConstantOp::create(b, b.getZeroAttr(type));
}

Value Kernel::finish(Builder& b, Value result, const Place& place, Width width) {
  if (!epilogue || epilogue->empty()) return result;
  Values arguments{result};
  for (size_t n = firstCapture; n < size_t(op.getNumDpsInputs()); ++n) arguments.push_back(read(b, n, place, width));
  return cloneRegion(b, *epilogue, arguments, place, width).front();
}

Value Kernel::read(Builder& b, size_t operand, const Place& place, Width width) {
  const View& view = views[operand];
  if (!view.base) return op->getOperand(operand);
  Value position = place.position[operand];
  if (width.lanes == 0 || !view.has(lane)) return load(b, view, position);
  if (view.unit == lane) return loadLanes(b, view, position, width.lanes, width.mask);
  return gatherLanes(b, view, position, lane, width.lanes, width.count);
}

}  // namespace heed::codegen
