// The frame of the kernel: which rows and columns are whose, where they begin and how they end.
#include "heed/codegen/gpu/attention/kernel.h"

namespace heed::codegen::gpu {

using namespace mlir;

Values AttentionKernel::State::pack() const {
  Values all(max);
  all.append(sum);
  all.append(out.values());
  return all;
}

AttentionKernel::State AttentionKernel::State::unpack(ValueRange values, int tiles) {
  return {llvm::to_vector(values.take_front(halves)), llvm::to_vector(values.slice(halves, halves)),
          Fragments(tiles, values.slice(2 * halves, halves * tiles * 2))};
}

AttentionKernel::AttentionKernel(tile::AttentionOp op, bool tf32)
    : op(op),
      tf32(tf32),
      b(op.getLoc(), op),
      rowDim(op.dimsOf("row")[0]),
      keyDim(op.dimsOf("key")[0]),
      outer(op.dimsOf("outer")),
      value(op.dimsOf("value")) {
  foldRows();
}

LogicalResult AttentionKernel::check() {
  for (Value memref : op->getOperands().drop_front(op.getSimilar().size() + op.getCaptures().size())) {
    Type element = cast<MemRefType>(memref.getType()).getElementType();
    if (!isa<FloatType>(element) || element.isF64())
      return op.emitOpError() << "an operand is of " << element << "; f32, f16 and bf16 are possible";
  }
  return success();
}

/// Outer dims that neither scores nor values of keys have become rows.
void AttentionKernel::foldRows() {
  SmallVector<AffineMap> keys{op.mapOf(op.getValueMutable())};
  for (OpOperand& x : op.getSimilarMutable())
    if (op.mapOf(x).isFunctionOfDim(keyDim)) keys.push_back(op.mapOf(x));
  rowDims = {rowDim};
  llvm::erase_if(outer, [&](int64_t dim) {
    bool ofKeys = llvm::any_of(keys, [&](AffineMap map) { return map.isFunctionOfDim(dim); });
    op.getClassify().walk([&](tile::IndexOp index) { ofKeys |= int64_t(index.getDim()) == dim; });
    if (!ofKeys) rowDims.push_back(dim);
    return !ofKeys;
  });
}

/// Of a row along rowDims.
Values AttentionKernel::positionsOf(Value row) {
  Values all(rowDims.size());
  for (size_t n = rowDims.size(); n-- > 1;) {
    Value next = quotient(b, row, extent[rowDims[n]]);
    all[n] = sub(b, row, mul(b, next, extent[rowDims[n]]));
    row = next;
  }
  all[0] = row;
  return all;
}

View AttentionKernel::atPositions(View view, ValueRange positions) {
  for (auto [dim, position] : llvm::zip(rowDims, positions)) view = moved(view, dim, position);
  return view;
}

void AttentionKernel::views() {
  auto view = [&](OpOperand& operand) { return viewOf(b, b.getLoc(), operand.get(), op.mapOf(operand)); };
  for (OpOperand& x : op.getSimilarMutable()) similar.push_back(view(x));
  for (OpOperand& x : op.getCapturesMutable()) {
    View seen = view(x);
    captures.push_back({.view = seen, .byRow = hasRow(seen), .byKey = seen.has(keyDim)});
  }
  valueView = view(op.getValueMutable());
  for (OpOperand& x : op.getInitialMutable()) initial.push_back(view(x));
  out = view(op.getOutMutable());
  if (op.getLse()) lse = view(op.getLseMutable()[0]);
  SmallVector<View> all(similar);
  for (Capture& capture : captures) all.push_back(capture.view);
  all.append({valueView, out});
  extent = extentsOf(all);
  rowsOfPosition = constant(b, 1);
  for (int64_t dim : ArrayRef(rowDims).drop_front()) rowsOfPosition = mul(b, rowsOfPosition, extent[dim]);
  allRows = mul(b, rowsOfPosition, extent[rowDim]);

  for (auto [n, body] : llvm::enumerate(op.getBodies())) {
    Similarity similarity{.body = &body, .operands = {}, .depth = {}};
    for (auto [number, owner] : llvm::enumerate(op.getSimilarity()))
      if (owner == int64_t(n)) similarity.operands.push_back(number);
    for (int64_t dim : op.dimsOf("depth"))
      if (llvm::any_of(similarity.operands, [&](unsigned number) { return similar[number].has(dim); }))
        similarity.depth.push_back(dim);
    similarities.push_back(similarity);
  }
  columnCount = constant(b, 1);
  for (int64_t dim : value) columnCount = mul(b, columnCount, extent[dim]);
  noTiles = refuseTiles(), tiled = noTiles.empty(), cores = tiled && !stagedWeights.rows;
  int64_t known = getConstantIntValue(columnCount).value_or(maxColumns / 2);
  int64_t chunkColumns = std::clamp<int64_t>(llvm::alignTo(known, columnsOfTile), columnsOfTile, maxColumns);
  keyTiles = (tiled ? stagedKeys.rows : warpSize) / columnsOfTile;
  rowsOfBlock = warps * rowsOfWarp;
  rowsTogether = tiled ? rowsOfBlock : rowsOfWarp;
  if (cores) chunkColumns = llvm::alignTo(chunkColumns, 16);
  columnTiles = chunkColumns / columnsOfTile;
  ragged = !getConstantIntValue(columnCount) || known % chunkColumns != 0;
}

Value AttentionKernel::toF32(Value x) {
  return x.getType().isF32() ? x : arith::ExtFOp::create(b, b.getF32Type(), x).getResult();
}
Value AttentionKernel::fromF32(Value x, Type type) {
  return x.getType() == type ? x : arith::TruncFOp::create(b, type, x).getResult();
}

/// The value dims are one dim of columns, the last of them the fastest.
View AttentionKernel::atColumn(View view, Value column) {
  for (int64_t dim : llvm::reverse(value)) {
    Value index = column;
    if (dim != value.front()) {
      index = b.createOrFold<arith::RemUIOp>(column, extent[dim]);
      column = quotient(b, column, extent[dim]);
    }
    view = moved(view, dim, index);
  }
  return view;
}

/// Past the end the last column again.
AttentionKernel::Column AttentionKernel::columnOf(const View& view, int n, int c) {
  Value flat = add(b, chunk, column(n, c)), inside;
  if (ragged) {
    inside = below(b, flat, columnCount);
    flat = smaller(b, flat, sub(b, columnCount, constant(b, 1)));
  }
  return {atColumn(view, flat), inside};
}

void AttentionKernel::eachColumn(const View& view, int h, llvm::function_ref<void(const View&, int, int)> body) {
  View line = atRow(view, h);
  for (int n = 0; n < columnTiles; ++n)
    for (int c = 0; c < 2; ++c) {
      Column column = columnOf(line, n, c);
      if (column.inside)
        when(b, column.inside, [&] { body(column.view, n, c); });
      else
        body(column.view, n, c);
    }
}

/// m, l and O before any key; what they are to start from belongs to the first part.
AttentionKernel::State AttentionKernel::start() {
  Value none = real(-INFINITY), zero = real(0);
  State state{Values(halves, none), Values(halves, zero), Fragments(columnTiles, zero)};
  if (initial.empty()) return state;
  // One lane of a quad brings the sum so far; the others only their own shares.
  Value first = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, quad, constant(b, 0));
  auto given = [&] {
    for (int h = 0; h < halves; ++h) {
      state.max[h] = toF32(element(atRow(initial[0], h)));
      state.sum[h] = arith::SelectOp::create(b, first, toF32(element(atRow(initial[1], h))), zero);
    }
    state.out.each([&](int h, int n, int c) {
      state.out.at(h, n, c) = toF32(element(columnOf(atRow(initial[2], h), n, c).view));
    });
    return state.pack();
  };
  if (!splits()) return State::unpack(given(), columnTiles);
  Values fresh = state.pack();
  Value begins = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, part, constant(b, 0));
  return State::unpack(choose(b, begins, ValueRange(fresh).getTypes(), given, [&] { return fresh; }), columnTiles);
}

/// O / l as it is stored; 0 where a row has seen no key.
Value AttentionKernel::mean(Value out, Value sum) {
  Value none = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, sum, real(0));
  Value mean = arith::MulFOp::create(b, out, arith::DivFOp::create(b, real(1), sum));
  return fromF32(arith::SelectOp::create(b, none, real(0), mean), this->out.element);
}

/// Of O; of 16 bits two columns at once where memory has them so.
void AttentionKernel::storeRow(const State& state, int h) {
  Fragments sums = state.out;
  auto at = [&](int n, int c) { return mean(sums.at(h, n, c), state.sum[h]); };
  auto inPairs = [&] {
    View line = atRow(out, h);
    for (int n = 0; n < columnTiles; ++n) {
      Column column = columnOf(line, n, 0);
      auto both = [&] { words->storeWhole(0, at(n, 0), at(n, 1), column.view.offset); };
      column.inside ? when(b, column.inside, both) : both();
    }
    return Values();
  };
  auto alone = [&] {
    eachColumn(out, h, [&](const View& view, int n, int c) { store(b, view, at(n, c), view.offset); });
    return Values();
  };
  choose(b, words->whole(0), {}, inPairs, alone);
}

void AttentionKernel::finish(State state) {
  for (Value& sum : state.sum) sum = acrossQuad(sum, [&](Value x, Value y) { return arith::AddFOp::create(b, x, y); });
  Value first = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, quad, constant(b, 0));
  auto results = [&] {
    for (int h = 0; h < halves; ++h)
      when(b, below(b, row[h], rowEnd), [&] {
        storeRow(state, h);
        if (!op.getLse()) return;
        when(b, first, [&] {
          View there = atRow(lse, h);
          store(b, there, logSum(state.max[h], state.sum[h]), there.offset);
        });
      });
    return Values();
  };
  if (!splits()) return void(results());
  Value one = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, parts.count, constant(b, 1));
  choose(b, one, {}, results, [&] { return finishPart(state), Values(); });
}

Values AttentionKernel::overTiles(int64_t size, Values start,
                                  llvm::function_ref<Values(const Tile&, ValueRange)> body) {
  auto loop = scf::ForOp::create(b, keyFrom, keyTo, constant(b, size), start);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Tile tile{loop.getInductionVar(), smaller(b, add(b, loop.getInductionVar(), constant(b, size)), keyTo), {}};
  ValueRange so = loop.getRegionIterArgs();
  Values next;
  if (op.getKeep().empty()) {
    next = body(tile, so);
  } else {
    auto [some, all] = classify(tile.from, sub(b, tile.to, constant(b, 1)));
    tile.all = all;
    next = choose(
        b, some, so.getTypes(), [&] { return body(tile, so); }, [&] { return llvm::to_vector(so); });
  }
  scf::YieldOp::create(b, next);
  return llvm::to_vector(ValueRange(loop.getResults()));
}

/// A chunk of columns of O.
void AttentionKernel::columns(Value first) {
  chunk = first;
  if (tiled) return columnsByTiles();
  auto step = [&](const Tile& tile, ValueRange so) {
    auto [s, keys] = visible(scores(tile.from), tile);
    return absorb(State::unpack(so, columnTiles), s, keys).pack();
  };
  finish(State::unpack(overTiles(keyTiles * columnsOfTile, start().pack(), step), columnTiles));
}

/// What a thread keeps from task to task.
void AttentionKernel::findThread() {
  warp = self.warp(b);
  Value lane = self.lane(b);
  group = quotient(b, lane, constant(b, 4));
  quad = b.createOrFold<arith::RemUIOp>(lane, constant(b, 4));
  twice_ = mul(b, quad, constant(b, 2));
}

void AttentionKernel::findRows(Value warp) {
  warpRow = add(b, blockRow, mul(b, warp, constant(b, rowsOfWarp)));
  for (int h = 0; h < halves; ++h) {
    row[h] = add(b, warpRow, add(b, group, constant(b, 8 * h)));
    position[h] = positionsOf(smaller(b, row[h], sub(b, rowEnd, constant(b, 1))));
  }
}

/// The warp's rows of a task, and what is read of the captures once for all keys.
void AttentionKernel::beginRows() {
  findRows(warp);
  for (Capture& capture : captures)
    if (!capture.byKey)
      for (int h = 0; h < halves; ++h) capture.loaded.push_back(element(atRow(capture.view, h)));
  boundCaptures();
}

/// What a warp does with its rows.
void AttentionKernel::work() {
  beginRows();
  const int64_t size = columnTiles * columnsOfTile, known = getConstantIntValue(columnCount).value_or(0);
  if (0 < known && known <= size) return columns(constant(b, 0));
  auto chunks = scf::ForOp::create(b, constant(b, 0), columnCount, constant(b, size));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(chunks.getBody());
  if (tiled) {
    // Found again for each chunk: loops over keys have no registers for what is the same in all chunks.
    self.number = shuffle(b, self.number, 0);
    tensor.emplace(b, self, warps * warpSize, narrow);
    findThread();
    findRows(warp);
  }
  columns(chunks.getInductionVar());
}

void AttentionKernel::task(const Thread& thread) {
  self = thread;
  findThread();
  if (tiled) {
    stageQueries(thread);
    return work();
  }
  // P of a warp as floats: [row][key].
  const int64_t keys = keyTiles * columnsOfTile;
  auto floats = MemRefType::get({ShapedType::kDynamic}, b.getF32Type(), AffineMap(), b.getI64IntegerAttr(3));
  weightsOf.base = memref::ViewOp::create(b, floats, thread.shared, constant(b, 0),
                                          ValueRange{constant(b, warps * rowsOfWarp * keys)});
  weightsOf.element = b.getF32Type();
  weightsOf.offset = mul(b, warp, constant(b, rowsOfWarp * keys));
  // A warp without rows has nothing to do.
  when(b, below(b, add(b, blockRow, mul(b, warp, constant(b, rowsOfWarp))), rowEnd), [&] { work(); });
}

/// The kernel, and the one that merges parts.
void AttentionKernel::emitBlocks(const Device& device, int64_t threads, int64_t sharedBytes,
                                 llvm::function_ref<void(const Thread&)> work) {
  planParts(device);
  planTasks(device);
  const bool even = value.size() == 1 && getConstantIntValue(columnCount).value_or(1) % 2 == 0;
  words.emplace(b, llvm::ArrayRef<View>(out), even ? value[0] : -1);
  launch(b, tasks.blocks, threads, sharedBytes, [&](Builder&, const Thread& thread) { work(thread); });
  if (splits()) merge();
}

void AttentionKernel::emitKernel(const Device& device) {
  emitBlocks(device, warps * warpSize, sharedBytes(), [&](const Thread& thread) {
    findNumber = [&] { return sameInWarp(b, i32(b, thread.block)); };
    atTask(i32(b, thread.block), [&] { task(thread); });
  });
}

/// Which kernel it is may depend on where the operands lie: then the host finds that out.
LogicalResult AttentionKernel::emit(const Device& device) {
  if (mlir::failed(check())) return failure();
  AttentionKernel other(op, tf32);
  other.views();
  auto byThreads = [&] {
    other.b.restoreInsertionPoint(b.saveInsertionPoint());
    other.emitKernel(device);
    return Values();
  };
  if (device.exact && device.generation == 90 && (views(), takesHopper()))
    choose(
        b, mappable(), {}, [&] { return emitHopper(device), Values(); }, byThreads);
  else
    byThreads();
  failed |= other.failed;
  op.erase();
  return success(!failed);
}

LogicalResult lowerAttention(tile::AttentionOp op, const Device& device) {
  return AttentionKernel(op, device.tf32).emit(device);
}

}  // namespace heed::codegen::gpu
