// The frame of the kernel: which rows and columns are whose, where they begin and how they end.
#include "heed/codegen/gpu/attention/kernel.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace heed::codegen::gpu {

using namespace mlir;

namespace {
constexpr int maxColumns = 128;  // of O in the registers of a warp
constexpr float ln2 = 0.693147181f;
}  // namespace

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

AttentionKernel::AttentionKernel(tile::AttentionOp op)
    : op(op),
      b(op.getLoc(), op),
      rowDim(op.dimsOf("row")[0]),
      keyDim(op.dimsOf("key")[0]),
      outer(op.dimsOf("outer")),
      value(op.dimsOf("value")) {}

LogicalResult AttentionKernel::check() {
  for (Value memref : op->getOperands().drop_front(op.getSimilar().size() + op.getCaptures().size())) {
    Type element = cast<MemRefType>(memref.getType()).getElementType();
    if (!isa<FloatType>(element) || element.isF64())
      return op.emitOpError() << "an operand is of " << element << "; f32, f16 and bf16 are possible";
  }
  return success();
}

void AttentionKernel::views() {
  auto view = [&](OpOperand& operand) { return viewOf(b, b.getLoc(), operand.get(), op.mapOf(operand)); };
  for (OpOperand& x : op.getSimilarMutable()) similar.push_back(view(x));
  for (OpOperand& x : op.getCapturesMutable()) {
    View seen = view(x);
    captures.push_back({.view = seen, .byRow = seen.has(rowDim), .byKey = seen.has(keyDim)});
  }
  valueView = view(op.getValueMutable());
  for (OpOperand& x : op.getInitialMutable()) initial.push_back(view(x));
  out = view(op.getOutMutable());
  if (op.getLse()) lse = view(op.getLseMutable()[0]);
  SmallVector<View> all(similar);
  for (Capture& capture : captures) all.push_back(capture.view);
  all.append({valueView, out});
  extent = extentsOf(all);

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
  int64_t known = getConstantIntValue(columnCount).value_or(maxColumns / 2);
  int64_t chunkColumns = std::clamp<int64_t>(llvm::alignTo(known, columnsOfTile), columnsOfTile, maxColumns);
  cores = takesCores();
  // As many keys as lanes: a set of them is one register. Two such sets for tensor cores, whose products are cheap.
  keyTiles = (cores ? 2 : 1) * warpSize / columnsOfTile;
  rowsTogether = cores ? warps * rowsOfWarp : rowsOfWarp;
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

/// The value dims are one dim of columns, the last of them the fastest; past the end the last column again.
AttentionKernel::Column AttentionKernel::columnOf(const View& view, int n, int c) {
  Value flat = add(b, chunk, column(n, c)), inside;
  if (ragged) {
    inside = below(b, flat, columnCount);
    flat = smaller(b, flat, sub(b, columnCount, constant(b, 1)));
  }
  View there = view;
  for (int64_t dim : llvm::reverse(value)) {
    Value index = flat;
    if (dim != value.front()) {
      index = b.createOrFold<arith::RemUIOp>(flat, extent[dim]);
      flat = quotient(b, flat, extent[dim]);
    }
    there = moved(there, dim, index);
  }
  return {there, inside};
}

/// m, l and O before any key.
AttentionKernel::State AttentionKernel::start() {
  Value none = real(-INFINITY), zero = real(0);
  State state{Values(halves, none), Values(halves, zero), Fragments(columnTiles, zero)};
  if (initial.empty()) return state;
  // One lane of a quad brings the sum so far; the others only their own shares.
  Value first = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, quad, constant(b, 0));
  for (int h = 0; h < halves; ++h) {
    state.max[h] = toF32(element(moved(initial[0], rowDim, clampedRow[h])));
    Value sum = toF32(element(moved(initial[1], rowDim, clampedRow[h])));
    state.sum[h] = arith::SelectOp::create(b, first, sum, zero);
  }
  state.out.each([&](int h, int n, int c) {
    View there = columnOf(moved(initial[2], rowDim, clampedRow[h]), n, c).view;
    state.out.at(h, n, c) = toF32(element(there));
  });
  return state;
}

void AttentionKernel::finish(State state) {
  Value zero = real(0);
  for (int h = 0; h < halves; ++h) {
    Value sum = acrossQuad(state.sum[h], [&](Value x, Value y) { return arith::AddFOp::create(b, x, y); });
    Value none = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, sum, zero);
    Value inverse = arith::DivFOp::create(b, real(1), sum);
    when(b, below(b, row[h], extent[rowDim]), [&] {
      for (int n = 0; n < columnTiles; ++n)
        for (int c = 0; c < 2; ++c) {
          auto [view, inside] = columnOf(moved(out, rowDim, row[h]), n, c);
          Value mean = arith::MulFOp::create(b, state.out.at(h, n, c), inverse);
          mean = fromF32(arith::SelectOp::create(b, none, zero, mean), view.element);
          if (inside)
            when(b, inside, [&, &view = view] { store(b, view, mean, view.offset); });
          else
            store(b, view, mean, view.offset);
        }
      if (!op.getLse()) return;
      Value scaled = arith::MulFOp::create(b, shift(state.max[h]), real(ln2));
      Value log = arith::AddFOp::create(b, scaled, math::LogOp::create(b, sum));
      log = fromF32(arith::SelectOp::create(b, none, real(-INFINITY), log), lse.element);
      Value first = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, quad, constant(b, 0));
      when(b, first, [&] {
        View there = moved(lse, rowDim, row[h]);
        store(b, there, log, there.offset);
      });
    });
  }
}

/// A chunk of columns of O: all keys, those of which a warp sees nothing skipped.
void AttentionKernel::columns(Value first) {
  chunk = first;
  const int64_t tile = keyTiles * columnsOfTile;
  Value keys = extent[keyDim];
  Values carried = start().pack();
  if (hopper) carried.push_back(constant(b, 0));  // tiles so far
  auto loop = scf::ForOp::create(b, constant(b, 0), keys, constant(b, tile), carried);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value from = loop.getInductionVar(), to = smaller(b, add(b, from, constant(b, tile)), keys);
    State state = State::unpack(loop.getRegionIterArgs(), columnTiles);
    auto work = [&](Value all) {
      if (hopper)
        turnOf(loop.getRegionIterArgs().back());
      else if (cores)
        stageKeys(from);
      Fragments s = scores(from);
      Value whole = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, sub(b, to, from), constant(b, tile));
      if (all) whole = arith::AndIOp::create(b, whole, all);
      const size_t scores = s.values().size(), words = tile / warpSize;
      SmallVector<Type> types(scores, b.getF32Type());
      types.append(words, b.getI32Type());
      Values seen = choose(
          b, whole, types,
          [&] {
            Values same(s.values());
            same.append(words, arith::ConstantOp::create(b, b.getI32IntegerAttr(-1)));
            return same;
          },
          [&] {
            auto [hidden, sets] = hide(s, from);
            Values now(hidden.values());
            now.append(sets);
            return now;
          });
      ValueRange both(seen);
      Fragments finished(keyTiles, both.take_front(scores));
      Values next = absorb(state, finished, {from, both.drop_front(scores), whole}).pack();
      if (hopper) next.push_back(add(b, loop.getRegionIterArgs().back(), constant(b, 1)));
      return next;
    };
    Values next;
    if (op.getKeep().empty()) {
      next = work({});
    } else {
      auto [some, all] = classify(from, sub(b, to, constant(b, 1)));
      next = choose(
          b, some, ValueRange(carried).getTypes(), [&, all = all] { return work(all); },
          [&] { return llvm::to_vector(ValueRange(loop.getRegionIterArgs())); });
    }
    scf::YieldOp::create(b, next);
  }
  finish(State::unpack(loop.getResults(), columnTiles));
}

/// Blocks of one outer point stand together, the last rows first: under a causal mask those see the most keys.
void AttentionKernel::locate(const Thread& thread) {
  Value size = constant(b, hopper ? rowsTogether : warps * rowsOfWarp), rows = extent[rowDim];
  Value blocksOfRows = ceiling(b, rows, size);
  Value point = quotient(b, thread.block, blocksOfRows);
  Value nth = arith::RemUIOp::create(b, thread.block, blocksOfRows);
  Value firstRow = mul(b, sub(b, sub(b, blocksOfRows, constant(b, 1)), nth), size);
  for (int64_t dim : llvm::reverse(outer)) {
    bool last = dim == outer.front();
    at[dim] = last ? point : arith::RemUIOp::create(b, point, extent[dim]).getResult();
    if (!last) point = quotient(b, point, extent[dim]);
  }
  auto move = [&](View& view) {
    for (int64_t dim : outer) view = moved(view, dim, at[dim]);
  };
  for (View& view : similar) move(view);
  for (Capture& capture : captures) move(capture.view);
  for (View& view : initial) move(view);
  move(valueView), move(out);
  if (op.getLse()) move(lse);

  warp = thread.warp(b);
  Value lane = thread.lane(b);
  group = quotient(b, lane, constant(b, 4));
  quad = b.createOrFold<arith::RemUIOp>(lane, constant(b, 4));
  twice_ = mul(b, quad, constant(b, 2));
  blockRow = firstRow;
  warpRow = add(b, firstRow, mul(b, warp, constant(b, rowsOfWarp)));
}

/// What a warp does with its rows.
void AttentionKernel::work() {
  for (int h = 0; h < halves; ++h) {
    row.push_back(add(b, warpRow, add(b, group, constant(b, 8 * h))));
    clampedRow.push_back(smaller(b, row.back(), sub(b, extent[rowDim], constant(b, 1))));
  }
  for (Capture& capture : captures)
    if (!capture.byKey)
      for (int h = 0; h < halves; ++h) capture.loaded.push_back(element(moved(capture.view, rowDim, clampedRow[h])));
  boundCaptures();
  if (value.empty()) return columns(constant(b, 0));
  auto chunks = scf::ForOp::create(b, constant(b, 0), columnCount, constant(b, columnTiles * columnsOfTile));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(chunks.getBody());
  columns(chunks.getInductionVar());
}

void AttentionKernel::task(const Thread& thread) {
  locate(thread);
  if (cores) {
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
  when(b, below(b, warpRow, extent[rowDim]), [&] { work(); });
}

void AttentionKernel::emitKernel() {
  Value blocks = ceiling(b, extent[rowDim], constant(b, warps * rowsOfWarp));
  for (int64_t dim : outer) blocks = mul(b, blocks, extent[dim]);
  launch(b, blocks, warps * warpSize, sharedBytes(), [&](Builder&, const Thread& thread) { task(thread); });
}

/// Which kernel it is may depend on where the operands lie: then the host finds that out.
LogicalResult AttentionKernel::emit(const Device& device) {
  if (mlir::failed(check())) return failure();
  views();
  if (device.exact && device.generation == 90 && takesHopper()) {
    AttentionKernel other(op);
    other.views();
    auto otherwise = [&] {
      other.b.restoreInsertionPoint(b.saveInsertionPoint());
      other.emitKernel();
      return Values();
    };
    choose(
        b, mappable(), {}, [&] { return emitHopper(), Values(); }, otherwise);
    failed |= other.failed;
  } else {
    emitKernel();
  }
  op.erase();
  return success(!failed);
}

LogicalResult lowerAttention(tile::AttentionOp op, const Device& device) { return AttentionKernel(op).emit(device); }

}  // namespace heed::codegen::gpu
