// S and O by wgmma (sm_90a): a producer warp has the copy engine bring tiles of K and V, two stages of each; warpgroups
// of consumers, 64 rows each, multiply them. Their softmax overlaps with the products of the other.
//
// Dao et al., FlashAttention-3, 2024 (section 3.1, warp specialisation). Which tiles are empty producer and consumers
// find out each for itself: they ask the same questions. A slot is full when its bytes are there, and empty when each
// warp of consumers has said so. Test: tests/codegen/gpu/attention_test.cpp.
#include "heed/codegen/gpu/attention/kernel.h"
#include "heed/codegen/tile/async.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace heed::codegen::gpu {

using namespace mlir;

namespace {

constexpr int64_t stages = 2;
constexpr int64_t consumersBarrier = 1;  // barrier 0 is the block's

Values registersOf(const Fragments& x) {
  Values all(x.values().size());
  x.each([&](int h, int n, int c) { all[sumOf(h, n, c)] = Fragments(x).at(h, n, c); });
  return all;
}

Fragments fragmentsOf(ValueRange registers, int tiles) {
  Fragments x(tiles);
  x.each([&](int h, int n, int c) { x.at(h, n, c) = registers[sumOf(h, n, c)]; });
  return x;
}

}  // namespace

/// What tensor cores take, if the copy engine can be told of it. A block's rows come as one box: all rows of as many
/// positions as they fit in, and of one more where some of it do.
bool AttentionKernel::takesHopper() {
  if (!cores || columnCountKnown() > boxColumns * 2) return false;
  const int64_t most = consumers * 4 * rowsOfWarp;
  int64_t together = 1;
  SmallVector<int64_t> folded{rowDim};
  for (int64_t dim : ArrayRef(rowDims).drop_front()) {
    int64_t known = getConstantIntValue(extent[dim]).value_or(0);
    bool fits = similar[query].has(dim) && known > 0 && together * known <= most;
    (fits ? folded : outer).push_back(dim);
    if (fits) together *= known;
  }
  rowDims = folded;
  rowsOfPosition = constant(b, together);
  allRows = mul(b, extent[rowDim], rowsOfPosition);
  for (Capture& capture : captures) capture.byRow = hasRow(capture.view);
  for (const Mapped& tensor : mappedTensors())
    if (tensor.dims.size() > 5) return false;
  hopper = true;
  keyTiles = keysOfStage / columnsOfTile;
  rowsTogether = rowsOfBlock = together * (most / together);
  const int64_t deep = *getConstantIntValue(extent[depth]);
  bytesOfKeys = boxes(deep) * keysOfStage * boxRowBytes;
  bytesOfValues = boxes(columnCountKnown()) * keysOfStage * boxRowBytes;
  keysAt = boxes(deep) * pitchOfQueries();
  valuesAt = keysAt + stages * bytesOfKeys;
  barriersAt = valuesAt + stages * bytesOfValues;
  slotsAt = llvm::alignTo(barriersAt + 8 + 2 * Ring::bytes(stages), 16);
  return true;
}

int64_t AttentionKernel::columnCountKnown() { return getConstantIntValue(columnCount).value_or(INT64_MAX / 2); }

/// Q, K and V.
std::vector<Mapped> AttentionKernel::mappedTensors() {
  auto dim = [&](const View& view, int64_t number, int64_t box) {
    return Mapped::Dim{extent[number], view.stride[number], box, number};
  };
  std::vector<Mapped> all;
  auto map = [&](const View& view, int64_t inner, SmallVector<std::pair<int64_t, int64_t>> rows) {
    Mapped& mapped = all.emplace_back(Mapped{view, {dim(view, inner, boxColumns)}});
    for (auto [number, box] : rows) mapped.dims.push_back(dim(view, number, box));
    for (int64_t number : outer)
      if (view.has(number)) mapped.dims.push_back(dim(view, number, 1));
  };
  SmallVector<std::pair<int64_t, int64_t>> rows;
  for (int64_t number : llvm::reverse(ArrayRef(rowDims).drop_front()))
    rows.emplace_back(number, *getConstantIntValue(extent[number]));
  int64_t together = *getConstantIntValue(rowsOfPosition);
  rows.emplace_back(rowDim, llvm::divideCeil(consumers * 4 * rowsOfWarp, together));
  map(similar[query], depth, rows);
  map(similar[key], depth, {{keyDim, keysOfStage}});
  map(valueView, value[0], {{keyDim, keysOfStage}});
  return all;
}

/// Between the boxes of Q in shared memory; swizzles begin at multiples of 1024 bytes.
int64_t AttentionKernel::pitchOfQueries() { return llvm::alignTo(mappedTensors()[0].bytes(), boxAlignment); }

/// On the host: whether the copy engine can be told of all three.
Value AttentionKernel::mappable() {
  Value all;
  for (const Mapped& tensor : mappedTensors()) {
    Value possible = tensor.possible(b);
    all = all ? arith::AndIOp::create(b, all, possible).getResult() : possible;
  }
  return all;
}

void AttentionKernel::mapTensors() {
  mapped = mappedTensors();
  for (const Mapped& tensor : mapped) maps.push_back(tensor.map(b));
}

/// One thread has all boxes of a tensor brought: `to` in shared memory, from the key or the position `first` on.
void AttentionKernel::bring(int which, Value to, Value first, Value barrier) {
  const Mapped& from = mapped[which];
  const int64_t count = boxes(*getConstantIntValue(from.dims[0].extent));
  Values at{constant(b, 0)};
  for (const Mapped::Dim& dim : ArrayRef(from.dims).drop_front()) {
    Value whole = llvm::is_contained(rowDims, dim.number) ? constant(b, 0) : this->at.lookup(dim.number);
    at.push_back(dim.number == rowDim || dim.number == keyDim ? first : whole);
  }
  tile::MbarrierExpectOp::create(b, barrier, count * from.bytes());
  gpu::bring(b, maps[which], to, count, llvm::alignTo(from.bytes(), boxAlignment), barrier, at);
}

void AttentionKernel::turnOf(Value count) { turn = keyRing->turn(count); }

Value AttentionKernel::stageAt(int64_t begin, int64_t bytes) {
  return add(b, tensor->base(), add(b, constant(b, begin), mul(b, turn.slot, constant(b, bytes))));
}

void AttentionKernel::produce(Value first) {
  when(b, first, [&] { bring(0, tensor->base(), quotient(b, blockRow, rowsOfPosition), queryBarrier()); });
  boundCaptures();
  Value tile = constant(b, keysOfStage);
  auto loop = scf::ForOp::create(b, keyFrom, keyTo, tile, constant(b, 0));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value from = loop.getInductionVar(), count = loop.getRegionIterArgs()[0];
  auto load = [&] {
    turnOf(count);
    when(b, first, [&] {
      keyRing->waitEmpty(turn);
      bring(1, stageAt(keysAt, bytesOfKeys), from, keyRing->full(turn));
      valueRing->waitEmpty(turn);
      bring(2, stageAt(valuesAt, bytesOfValues), from, valueRing->full(turn));
    });
    syncWarp(b);
    return Values{add(b, count, constant(b, 1))};
  };
  Values next{Value()};
  if (op.getKeep().empty()) {
    next = load();
  } else {
    Value to = smaller(b, add(b, from, tile), keyTo);
    next = choose(b, classify(from, sub(b, to, constant(b, 1))).first, {b.getIndexType()}, load,
                  [&] { return Values{count}; });
  }
  scf::YieldOp::create(b, next);
}

/// A warp is done with a slot.
void AttentionKernel::giveBack(Ring& ring) {
  when(b, firstLane, [&] { ring.giveBack(turn); });
}

Fragments AttentionKernel::productsByWarpgroup() {
  keyRing->waitFull(turn);
  Value mine = mul(b, quotient(b, warp, constant(b, 4)), constant(b, 4 * rowsOfWarp * boxRowBytes));
  Value q = descriptor(b, add(b, tensor->base(), mine), 16, 8 * boxRowBytes);
  Value k = descriptor(b, stageAt(keysAt, bytesOfKeys), 16, 8 * boxRowBytes);
  const int64_t perBox = boxColumns / Cores::step, count = keysOfStage / 2;
  const int64_t steps = llvm::divideCeil(*getConstantIntValue(extent[depth]), Cores::step);
  SmallVector<Type> types(count, b.getF32Type());
  tile::WgmmaFenceOp::create(b, TypeRange(), ValueRange());
  Values sums;
  for (int64_t n = 0; n < steps; ++n) {
    int64_t within = n % perBox * 2 * Cores::step, box = n / perBox;
    Value left = further(b, q, box * pitchOfQueries() + within);
    Value right = further(b, k, box * keysOfStage * boxRowBytes + within);
    auto product = tile::WgmmaOp::create(b, types, left, right, sums, keysOfStage, narrow, /*upright=*/false);
    sums = llvm::to_vector(ValueRange(product.getResults()));
  }
  tile::WgmmaCommitOp::create(b);
  auto done = tile::WgmmaWaitOp::create(b, types, sums, 0);
  giveBack(*keyRing);
  return fragmentsOf(done.getResults(), keyTiles);
}

/// Rows of V that no row of the block sees become 0 where they lie, whatever they hold.
void AttentionKernel::clearUnseen(const Keys& keys) {
  const int64_t words = keysOfStage / warpSize, threads = consumers * 4 * warpSize;
  Type word = b.getI32Type();
  auto slots = MemRefType::get({ShapedType::kDynamic}, word, AffineMap(), b.getI64IntegerAttr(3));
  Value memory =
      memref::ViewOp::create(b, slots, shared, constant(b, slotsAt), ValueRange{constant(b, 4 * consumers * words)});
  for (int64_t n = 0; n < words; ++n)
    when(b, firstLane, [&] {
      memref::StoreOp::create(b, keys.seen[n], memory, add(b, mul(b, warp, constant(b, words)), constant(b, n)));
    });
  tile::NamedBarrierOp::create(b, consumersBarrier, threads);
  Value row = add(b, mul(b, warp, constant(b, warpSize)), add(b, mul(b, group, constant(b, 4)), quad));
  when(b, below(b, row, constant(b, keysOfStage)), [&] {
    Value of = quotient(b, row, constant(b, warpSize)), any;
    for (int64_t w = 0; w < 4 * consumers; ++w) {
      Value set = memref::LoadOp::create(b, memory, add(b, of, constant(b, w * words)));
      any = any ? arith::OrIOp::create(b, any, set).getResult() : set;
    }
    Value bit = i32(b, sub(b, row, mul(b, of, constant(b, warpSize))));
    Value seen = arith::TruncIOp::create(b, b.getI1Type(), arith::ShRUIOp::create(b, any, bit));
    Value unseen = arith::XOrIOp::create(b, seen, arith::ConstantOp::create(b, b.getBoolAttr(true)));
    when(b, unseen, [&] {
      auto zeros = MemRefType::get({ShapedType::kDynamic}, b.getI64Type(), AffineMap(), b.getI64IntegerAttr(3));
      Value values = add(b, constant(b, valuesAt), mul(b, turn.slot, constant(b, bytesOfValues)));
      Value all = memref::ViewOp::create(b, zeros, shared, values, ValueRange{constant(b, bytesOfValues / 8)});
      Value none = arith::ConstantOp::create(b, b.getI64IntegerAttr(0));
      for (int64_t box = 0; box < bytesOfValues / (keysOfStage * boxRowBytes); ++box)
        for (int64_t n = 0; n < boxRowBytes / 8; ++n)
          memref::StoreOp::create(
              b, none, all,
              add(b, mul(b, row, constant(b, boxRowBytes / 8)), constant(b, box * keysOfStage * boxRowBytes / 8 + n)));
    });
  });
  tile::FenceAsyncOp::create(b);
  tile::NamedBarrierOp::create(b, consumersBarrier, threads);
}

void AttentionKernel::accumulateByWarpgroup(State& state, const Fragments& weights, const Keys& keys) {
  valueRing->waitFull(turn);
  Value partial = arith::XOrIOp::create(b, keys.whole, arith::ConstantOp::create(b, b.getBoolAttr(true)));
  when(b, partial, [&] { clearUnseen(keys); });
  Fragments p = weights;
  // Sums of a product lie as the next product wants its left operand: for each 16 keys four registers.
  Values tied = registersOf(state.out);
  const size_t sums = tied.size();
  for (int n = 0; n < keyTiles; ++n)
    for (int h = 0; h < halves; ++h) tied.push_back(tensor->packed(p.at(h, n, 0), p.at(h, n, 1)));
  auto fenced = tile::WgmmaFenceOp::create(b, TypeRange(ValueRange(tied)), tied);
  ValueRange all = fenced.getResults();
  Values out = llvm::to_vector(all.take_front(sums));
  ValueRange left = all.drop_front(sums);
  Value v = descriptor(b, stageAt(valuesAt, bytesOfValues), keysOfStage * boxRowBytes, 8 * boxRowBytes);
  SmallVector<Type> types(sums, b.getF32Type());
  for (int64_t k = 0; k < keysOfStage / Cores::step; ++k) {
    auto product = tile::WgmmaOp::create(b, types, left.slice(4 * k, 4), further(b, v, k * Cores::step * boxRowBytes), out,
                                         columnTiles * columnsOfTile, narrow, /*upright=*/true);
    out = llvm::to_vector(ValueRange(product.getResults()));
  }
  tile::WgmmaCommitOp::create(b);
  auto done = tile::WgmmaWaitOp::create(b, types, out, 0);
  giveBack(*valueRing);
  state.out = fragmentsOf(done.getResults(), columnTiles);
}

void AttentionKernel::hopperTask(const Thread& thread) {
  tensor.emplace(b, thread, int64_t(consumers) * 4 * warpSize, narrow);
  shared = thread.shared;
  locate(thread);
  firstLane = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, thread.lane(b), constant(b, 0));
  keyRing.emplace(b, add(b, queryBarrier(), constant(b, 8)), stages);
  valueRing.emplace(b, add(b, queryBarrier(), constant(b, 8 + Ring::bytes(stages))), stages);
  when(b, arith::CmpIOp::create(b, arith::CmpIPredicate::eq, thread.number, constant(b, 0)), [&] {
    tile::MbarrierInitOp::create(b, queryBarrier(), 1);
    for (Ring* ring : {&*keyRing, &*valueRing}) ring->begin(consumers * warpsOfGroup);
    tile::FenceAsyncOp::create(b);
  });
  syncBlock(b);
  specialise(
      b, warp, consumers, [&] { produce(firstLane); },
      [&] {
        tile::MbarrierWaitOp::create(b, queryBarrier(), arith::ConstantOp::create(b, b.getI32IntegerAttr(0)));
        work();
      });
}

void AttentionKernel::emitHopper(const Device& device) {
  mapTensors();
  const int64_t bytes = slotsAt + 4 * consumers * (keysOfStage / warpSize) * 4;
  emitBlocks(device, (consumers + 1) * 4 * warpSize, bytes, [&](const Thread& thread) { hopperTask(thread); });
}

}  // namespace heed::codegen::gpu
