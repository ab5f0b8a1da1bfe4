// S and O by wgmma (sm_90a): a producer warp has the copy engine bring tiles of K and V, two stages of each; warpgroups
// of consumers, 64 rows each, multiply them (warpgroups.cpp).
//
// Shah et al., FlashAttention-3, 2024 (section 3.1, warp specialisation). Which tiles are empty producer and consumers
// find out each for itself: they ask the same questions. A slot is full when its bytes are there, and empty when each
// warp of consumers has said so. Test: tests/codegen/gpu/attention_test.cpp.
#include "heed/codegen/gpu/attention/kernel.h"
#include "heed/codegen/tile/async.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace heed::codegen::gpu {

using namespace mlir;

namespace {

constexpr int64_t stages = 2;
constexpr int64_t producerRegisters = 24;

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
  setsAt = llvm::alignTo(barriersAt + 8 + 2 * Ring::bytes(stages), 16);
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

Value AttentionKernel::stageAt(int64_t begin, int64_t bytes, const Ring::Turn& turn) {
  return add(b, tensor->base(), add(b, constant(b, begin), mul(b, turn.slot, constant(b, bytes))));
}

void AttentionKernel::produce(Value first) {
  when(b, first, [&] { bring(0, tensor->base(), quotient(b, blockRow, rowsOfPosition), queryBarrier()); });
  boundCaptures();
  overTiles(keysOfStage, {constant(b, 0)}, [&](const Tile& tile, ValueRange so) -> Values {
    Value count = so.front();
    Ring::Turn turn = keyRing->turn(count);
    when(b, first, [&] {
      keyRing->waitEmpty(turn);
      bring(1, stageAt(keysAt, bytesOfKeys, turn), tile.from, keyRing->full(turn));
      valueRing->waitEmpty(turn);
      bring(2, stageAt(valuesAt, bytesOfValues, turn), tile.from, valueRing->full(turn));
    });
    syncWarp(b);
    return {add(b, count, constant(b, 1))};
  });
}

/// A warp is done with a slot.
void AttentionKernel::giveBack(Ring& ring, const Ring::Turn& turn) {
  when(b, firstLane, [&] { ring.giveBack(turn); });
}

void AttentionKernel::hopperTask(const Thread& thread) {
  tensor.emplace(b, thread, int64_t(consumers) * 4 * warpSize, narrow);
  locate(thread);
  warp = sameInWarp(b, warp);
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
      b, warp, producerRegisters, [&] { produce(firstLane); },
      [&] {
        tile::MbarrierWaitOp::create(b, queryBarrier(), arith::ConstantOp::create(b, b.getI32IntegerAttr(0)));
        work();
      });
}

void AttentionKernel::emitHopper(const Device& device) {
  mapTensors();
  const int64_t bytes = setsAt + 4 * consumers * (keysOfStage / warpSize) * 4;
  emitBlocks(device, (consumers + 1) * 4 * warpSize, bytes, [&](const Thread& thread) { hopperTask(thread); });
}

}  // namespace heed::codegen::gpu
