// linalg ops on buffers, and through them what tensor cores leave of tile.contract: a thread for each result, or a warp
// where a row is reduced.
#include "heed/codegen/cpu/loops/combine.h"
#include "heed/codegen/cpu/loops/coordinates.h"
#include "heed/codegen/gpu/contract/kernel.h"
#include "heed/codegen/gpu/kernels.h"
#include "heed/codegen/gpu/place.h"

namespace heed::codegen::gpu {

using namespace mlir;

namespace {

class Generic {
 public:
  /// With `epilogue` the results begin at 0, whatever they held, and each passes through it: its arguments are the
  /// result, then one element of each input from `firstCapture` on. What it yields is rounded to `stored`, which stands
  /// for the one output.
  Generic(Builder& b, linalg::LinalgOp op, Region* epilogue = nullptr, size_t firstCapture = 0, Value stored = {})
      : op(op), epilogue(epilogue), firstCapture(firstCapture) {
    for (auto [given, map] : llvm::zip(op->getOperands(), op.getIndexingMapsArray())) {
      Value operand = stored && views.size() == size_t(op.getNumDpsInputs()) ? stored : given;
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
    chooseLane();
  }

  LogicalResult emit(Builder& b) {
    Values points;
    for (int64_t dim : outer) points.push_back(extents[dim]);
    launchOver(b, points, lane < 0 ? 1 : warpSize, [&](Builder& b, ValueRange point, Value number) {
      atPoint(b, Place(views, extents.size()).step(b, views, outer, point), number);
    });
    return failure(failed);
  }

  /// The same by the threads of one block: thread `first` and every `step`-th point from there.
  LogicalResult emitInBlock(Builder& b, Value first, Value step) {
    if (lane >= 0) reduced.push_back(std::exchange(lane, -1));
    Values points;
    Value count = constant(b, 1);
    for (int64_t dim : outer) count = mul(b, count, points.emplace_back(extents[dim]));
    auto loop = scf::ForOp::create(b, first, count, step);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Values point = coordinatesAt(b, loop.getInductionVar(), points);
    atPoint(b, Place(views, extents.size()).step(b, views, outer, point), {});
    return failure(failed);
  }

 private:
  bool isResult(size_t operand) { return operand >= size_t(op.getNumDpsInputs()); }

  Operation* combiner(size_t result) {
    Block& body = *op.getBlock();
    return combinerOf(body.getArgument(op.getNumDpsInputs() + result), body.getTerminator()->getOperand(result));
  }

  /// Threads that follow each other write elements that do. But where an input is contiguous along a reduced dim and
  /// would be read across, the lanes of a warp go along that.
  void chooseLane() {
    auto iterators = op.getIteratorTypesArray();
    auto parallel = [&](int64_t dim) { return iterators[dim] == utils::IteratorType::parallel; };
    ArrayRef<View> all(views), inputs = all.take_front(op.getNumDpsInputs()), results = all.drop_front(inputs.size());
    int64_t along = results.front().unit;
    if (along >= 0 && !parallel(along)) along = -1;
    bool across = along < 0 || llvm::any_of(inputs, [&](const View& v) { return v.has(along) && v.unit != along; });
    bool reducible = llvm::all_of(llvm::seq(results.size()), [&](size_t n) { return combiner(n) != nullptr; });
    if (across && reducible)
      for (const View& input : inputs)
        if (input.unit >= 0 && !parallel(input.unit)) lane = input.unit;
    for (int64_t dim = 0; dim < int64_t(iterators.size()); ++dim)
      if (dim != lane && dim != along) (parallel(dim) ? outer : reduced).push_back(dim);
    if (along >= 0) outer.push_back(along);
  }

  void atPoint(Builder& b, const Place& place, Value number) {
    size_t inputs = op.getNumDpsInputs();
    Values results;
    for (size_t n = inputs; n < views.size(); ++n) {
      Block& body = *op.getBlock();
      bool used = !body.getArgument(n).use_empty();
      if (number)
        results.push_back(arith::ConstantOp::create(b, *arith::getNeutralElement(combiner(n - inputs))));
      else
        results.push_back(used || !reduced.empty() ? before(b, n, place) : Value());
    }
    results = over(b, reduced, place, results, number);
    if (number)
      for (auto [n, x] : llvm::enumerate(results)) {
        x = acrossLanes(b, x, warpSize, [&](Value x, Value y) { return combine(b, combiner(n), x, y); });
        x = combine(b, combiner(n), before(b, inputs + n, place), x);
      }
    auto write = [&] {
      for (auto [n, x] : llvm::enumerate(results))
        store(b, views[inputs + n], finish(b, x, place), place.position[inputs + n]);
    };
    if (!number) return write();
    when(b, arith::CmpIOp::create(b, arith::CmpIPredicate::eq, number, constant(b, 0)), write);
  }

  /// All points of the reduced dims; those of the lanes' dim are shared out.
  Values over(Builder& b, ArrayRef<int64_t> dims, const Place& place, Values carried, Value number) {
    bool shared = dims.empty() && number;
    if (dims.empty() && !shared) return body(b, place, carried);
    int64_t dim = shared ? lane : dims.front();
    auto loop = scf::ForOp::create(b, shared ? number : constant(b, 0), extents[dim],
                                   constant(b, shared ? warpSize : 1), carried);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Place next = place.step(b, views, dim, loop.getInductionVar());
    Values so = llvm::to_vector(ValueRange(loop.getRegionIterArgs()));
    scf::YieldOp::create(b, shared ? body(b, next, so) : over(b, dims.drop_front(), next, so, number));
    return llvm::to_vector(ValueRange(loop.getResults()));
  }

  Values body(Builder& b, const Place& place, const Values& results) {
    Values arguments;
    for (size_t n = 0; n < views.size(); ++n) {
      if (op.getBlock()->getArgument(n).use_empty())  // nothing reads it: any value of the type
        arguments.push_back(arith::ConstantOp::create(b, b.getZeroAttr(views[n].element)));
      else
        arguments.push_back(isResult(n) ? results[n - op.getNumDpsInputs()] : read(b, n, place));
    }
    return evaluate(b, op->getRegion(0), arguments, place);
  }

  Values evaluate(Builder& b, Region& region, ValueRange arguments, const Place& place) {
    Values values = place.evaluate(b, region, arguments);
    if (!values.empty()) return values;
    failed = true;  // the cloner has said why; give the loops something of the right type
    for (Type type : region.front().getTerminator()->getOperandTypes())
      values.push_back(arith::ConstantOp::create(b, b.getZeroAttr(type)));
    return values;
  }

  Value before(Builder& b, size_t operand, const Place& place) {
    if (!epilogue) return read(b, operand, place);
    return arith::ConstantOp::create(b, b.getZeroAttr(op.getBlock()->getArgument(operand).getType()));
  }

  Value finish(Builder& b, Value result, const Place& place) {
    if (!epilogue) return result;
    if (!epilogue->empty()) {
      Values arguments{result};
      for (size_t n = firstCapture; n < size_t(op.getNumDpsInputs()); ++n) arguments.push_back(read(b, n, place));
      result = evaluate(b, *epilogue, arguments, place).front();
    }
    return rounded(b, result, views.back().element);
  }

  Value read(Builder& b, size_t operand, const Place& place) {
    if (!views[operand].base) return op->getOperand(operand);
    return load(b, views[operand], place.position[operand]);
  }

  linalg::LinalgOp op;
  Region* epilogue;
  size_t firstCapture;
  SmallVector<View> views;  // of each operand; a scalar has no base
  Values extents;
  SmallVector<int64_t> outer, reduced;
  int64_t lane = -1;  // the reduced dim that the lanes of a warp share
  bool failed = false;
};

LogicalResult check(linalg::LinalgOp op) {
  if (!op.hasPureBufferSemantics()) return op.emitOpError("works on tensors; the tiled stage has buffers only");
  for (AffineMap map : op.getIndexingMapsArray())
    if (!map.isProjectedPermutation())
      return op.emitOpError() << "indexing map " << AffineMapAttr::get(map) << " must be a projected permutation";
  return success();
}

Type elementOf(Value memref) { return cast<MemRefType>(memref.getType()).getElementType(); }

/// A thread for each sum, or a warp.
LogicalResult emitByThreads(Builder& b, tile::ContractOp op, const std::string& why) {
  emitRemark(op.getLoc()) << "product by plain loops: " << why;
  Type type = elementOf(op.getOut());
  const bool floats = isa<FloatType>(type);
  SmallVector<utils::IteratorType> iterators;
  for (StringRef role : op.getRoles().getAsValueRange<StringAttr>())
    iterators.push_back(role == "depth" ? utils::IteratorType::reduction : utils::IteratorType::parallel);
  Values inputs{op.getLhs(), op.getRhs()};
  inputs.append(op.getCaptures().begin(), op.getCaptures().end());
  auto maps = llvm::to_vector(op.getIndexingMaps().getAsValueRange<AffineMapAttr>());
  // Sums are f32, whatever they are rounded to in the end.
  if (floats) type = b.getF32Type();
  auto held = cast<MemRefType>(op.getOut().getType());
  Value out = op.getOut();
  if (held.getElementType() != type)
    out = UnrealizedConversionCastOp::create(b, MemRefType::Builder(held).setElementType(type), out).getResult(0);
  auto sum =
      linalg::GenericOp::create(b, inputs, out, maps, iterators, [&](OpBuilder& nested, Location loc, ValueRange in) {
        Builder b(loc, nested);
        auto wide = [&](Value x) -> Value { return x.getType() == type ? x : arith::ExtFOp::create(b, type, x); };
        Value x = wide(in[0]), y = wide(in[1]), next;
        if (floats)
          next = arith::AddFOp::create(b, in.back(), arith::MulFOp::create(b, x, y));
        else
          next = arith::AddIOp::create(b, in.back(), arith::MulIOp::create(b, x, y));
        linalg::YieldOp::create(b, next);
      });
  LogicalResult result = Generic(b, sum, &op.getEpilogue(), /*firstCapture=*/2, op.getOut()).emit(b);
  sum.erase();
  if (out != op.getOut()) out.getDefiningOp()->erase();
  return result;
}

}  // namespace

LogicalResult lowerGeneric(linalg::LinalgOp op) {
  if (failed(check(op))) return failure();
  Builder b(op.getLoc(), op);
  if (failed(Generic(b, op).emit(b))) return failure();
  op.erase();
  return success();
}

LogicalResult lowerContract(tile::ContractOp op, const Device& device) {
  Type left = elementOf(op.getLhs()), right = elementOf(op.getRhs()), type = elementOf(op.getOut());
  auto narrow = [](Type type) { return type.isF32() || type.isF16() || type.isBF16(); };
  bool floats = narrow(type) && narrow(left) && narrow(right);
  bool integers = isa<IntegerType>(type) && !type.isInteger(1) && left == type && right == type;
  if (!floats && !integers)
    return op.emitOpError() << "of " << left << " and " << right << " into " << type
                            << "; f32, f16 or bf16 are possible, or one integer type";
  Builder b(op.getLoc(), op);
  LogicalResult result =
      ProductKernel(op, device).emit([&](Builder& b, const std::string& why) { return emitByThreads(b, op, why); });
  if (succeeded(result)) op.erase();
  return result;
}

LogicalResult lowerReadingLoop(scf::ForOp loop) {
  constexpr int64_t threads = 256;
  if (loop.getNumResults())
    return loop.emitOpError("reads from memory and carries values; the device runs its rounds side by side");
  // Loops that are nothing but one in the other are blocks of one kernel.
  SmallVector<scf::ForOp> nest{loop};
  while (true) {
    Block& body = *nest.back().getBody();
    auto inner = dyn_cast<scf::ForOp>(body.front());
    if (!inner || inner.getNumResults() || inner->getNextNode() != body.getTerminator()) break;
    nest.push_back(inner);
  }
  Builder b(loop.getLoc(), loop);
  Values extents;
  Value blocks = constant(b, 1);
  for (scf::ForOp dim : nest) {
    for (Value bound : {dim.getLowerBound(), dim.getUpperBound(), dim.getStep()})
      if (loop->isAncestor(bound.getParentRegion()->getParentOp()))
        return dim.emitOpError("has bounds that depend on the loops around it");
    Value count = sub(b, dim.getUpperBound(), dim.getLowerBound());
    extents.push_back(larger(b, ceiling(b, count, dim.getStep()), constant(b, 0)));
    blocks = mul(b, blocks, extents.back());
  }
  LogicalResult result = success();
  launch(b, blocks, threads, 0, [&](Builder& b, const Thread& thread) {
    Values point = coordinatesAt(b, thread.block, extents);
    for (auto [dim, number] : llvm::zip(nest, point))
      dim.getInductionVar().replaceAllUsesWith(add(b, dim.getLowerBound(), mul(b, number, dim.getStep())));
    Block* here = b.getInsertionBlock();
    Block& body = *nest.back().getBody();
    here->getOperations().splice(b.getInsertionPoint(), body.getOperations(), body.begin(),
                                 body.getTerminator()->getIterator());
    Value step = constant(b, threads);
    step.getDefiningOp()->moveBefore(here, here->begin());
    here->walk([&](linalg::LinalgOp op) {
      Builder inside(op.getLoc(), op);
      if (failed(check(op)) || failed(Generic(inside, op).emitInBlock(inside, thread.number, step))) result = failure();
      op.erase();
    });
  });
  loop.erase();
  return result;
}

}  // namespace heed::codegen::gpu
