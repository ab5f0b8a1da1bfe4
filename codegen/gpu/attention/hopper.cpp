// S and O by wgmma (sm_90a): a producer warp has the copy engine bring tiles of K and V, two stages of each; warpgroups
// of consumers, 64 rows each, multiply them (warpgroups.cpp). So they do for one task after the other (tasks.cpp).
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

constexpr int64_t stages = 2;     // of keys, and of values
constexpr int64_t maxKeys = 128;  // of a stage
constexpr int64_t sharedMemory = 227 * 1024;
constexpr int64_t producerRegisters = 24;
constexpr int64_t registersForBounds = 40;  // where it finds bounds of what keys have, for each tile
constexpr int64_t heldRegisters = 176;      // of a consumer's thread, for O, scores, and P of the tile before

}  // namespace

/// What tensor cores take, of 16 bits, if the copy engine can be told of it. A block's rows come as one box: all rows
/// of as many positions as they fit in, and of one more where some of it do. Where those of one position are too many,
/// one of their dims is cut into pieces of one size, nearly, and the box has some of a position's: a group of 130 heads
/// is two blocks of 65, which are half empty, but its keys are read twice, not 130 times.
bool AttentionKernel::takesHopper() {
  if (!cores || narrow.isF32() || columnCountKnown() > maxColumns) return false;
  const int64_t most = consumers * 4 * rowsOfWarp;
  int64_t together = 1, cutExtent = 1;
  SmallVector<int64_t> folded;
  for (int64_t dim : ArrayRef(rowDims).drop_front()) {
    int64_t known = getConstantIntValue(extent[dim]).value_or(0);
    if (!similar[query].has(dim) || known < 1)
      outer.push_back(dim);
    else if (together * known <= most)
      folded.push_back(dim), together *= known;
    else if (cutDim < 0)
      cutDim = dim, cutExtent = known;
    else
      outer.push_back(dim);
  }
  rowsOfBlock = together * (most / together);
  boxOfRows = llvm::divideCeil(most, together);
  rowDims = {rowDim};
  if (cutDim >= 0) {
    rowDims.push_back(cutDim);
    blocksOfPosition = llvm::divideCeil(cutExtent, most / together);
    rowsOfBlock = together * llvm::divideCeil(cutExtent, blocksOfPosition);
  }
  rowDims.append(folded);
  rowsOfPosition = constant(b, cutExtent * together);
  allRows = mul(b, extent[rowDim], rowsOfPosition);
  for (Capture& capture : captures) capture.byRow = hasRow(capture.view);
  for (const Mapped& tensor : mappedTensors())
    if (tensor.dims.size() > 5) return false;
  if (!findKeysOfStage()) return false;
  hopper = true;
  keyTiles = keysOfStage / columnsOfTile;
  rowsTogether = rowsOfBlock;
  keysAt = stagesOfRows * bytesOfRows;
  valuesAt = keysAt + stages * bytesOfKeys;
  barriersAt = valuesAt + stages * bytesOfValues;
  setsAt = llvm::alignTo(barriersAt + Ring::bytes(stagesOfRows) + 2 * Ring::bytes(stages), 16);
  return true;
}

/// How many keys are worked on together: as many as registers and shared memory hold, in whole words of a set.
bool AttentionKernel::findKeysOfStage() {
  const int64_t deep = *getConstantIntValue(extent[depth]), columns = columnTiles * columnsOfTile;
  const int64_t pairs = llvm::count_if(captures, [](const Capture& x) { return x.byRow && x.byKey; });
  bytesOfRows = boxes(deep) * pitchOfQueries();
  for (keysOfStage = maxKeys; keysOfStage > 0; keysOfStage -= warpSize) {
    bytesOfKeys = boxes(deep) * keysOfStage * boxRowBytes;
    bytesOfValues = boxes(columns) * keysOfStage * boxRowBytes;
    // Rows of the next task come while this one's are at work, where there is room for them.
    const int64_t besides = stages * (bytesOfKeys + bytesOfValues) + boxAlignment;
    stagesOfRows = 2 * bytesOfRows + besides <= sharedMemory ? 2 : 1;
    // What is read for each score waits in registers, too, if there are several such.
    const int64_t held = columns / 2 + keysOfStage / 2 + std::max<int64_t>(pairs, 1) * keysOfStage / 4;
    if (held <= heldRegisters && bytesOfRows + besides <= sharedMemory) return true;
  }
  return false;
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
    rows.emplace_back(number, number == cutDim ? boxOfRows : *getConstantIntValue(extent[number]));
  rows.emplace_back(rowDim, cutDim < 0 ? boxOfRows : 1);
  map(similar[query], depth, rows);
  map(similar[key], depth, {{keyDim, keysOfStage}});
  map(valueView, value[0], {{keyDim, keysOfStage}});
  return all;
}

/// Between the boxes of Q in shared memory; swizzles begin at multiples of 1024 bytes.
int64_t AttentionKernel::pitchOfQueries() { return llvm::alignTo(mappedTensors()[0].bytes(), boxAlignment); }

/// On the host: whether the copy engine can be told of all three, and 32 bits count the tasks.
Value AttentionKernel::mappable() {
  Value count = blocksOf(allRows);
  for (int64_t dim : outer) count = mul(b, count, extent[dim]);
  Value all = below(b, count, constant(b, INT32_MAX / 2));  // rounds of them end behind the last one
  for (const Mapped& tensor : mappedTensors()) {
    all = arith::AndIOp::create(b, all, tensor.possible(b));
  }
  return all;
}

void AttentionKernel::mapTensors() {
  mapped = mappedTensors();
  for (const Mapped& tensor : mapped) maps.push_back(tensor.map(b));
}

/// One thread has all boxes of a tensor brought: `to` in shared memory, from the positions `first` on.
void AttentionKernel::bring(int which, Value to, const Positions& first, Value barrier) {
  const Mapped& from = mapped[which];
  const int64_t count = boxes(*getConstantIntValue(from.dims[0].extent));
  Values at{constant(b, 0)};
  for (const Mapped::Dim& dim : ArrayRef(from.dims).drop_front()) {
    Value whole = llvm::is_contained(rowDims, dim.number) ? constant(b, 0) : this->at.lookup(dim.number);
    Value begin = first.lookup(dim.number);
    at.push_back(begin ? begin : whole);
  }
  tile::MbarrierExpectOp::create(b, barrier, count * from.bytes());
  gpu::bring(b, maps[which], to, count, llvm::alignTo(from.bytes(), boxAlignment), barrier, at);
}

Value AttentionKernel::stageAt(int64_t begin, int64_t bytes, const Ring::Turn& turn) {
  return add(b, tensor->base(), add(b, constant(b, begin), mul(b, turn.slot, constant(b, bytes))));
}

/// By a warp, what the consumers of a task want; `count` tiles of keys came before. How many there are then.
Value AttentionKernel::produce(const Ring::Turn& rows, Value count) {
  when(b, firstLane, [&] {
    rowRing->waitEmpty(rows);
    Positions first;
    first[rowDim] = quotient(b, blockRow, rowsOfPosition);
    if (cutDim >= 0) first[cutDim] = positionsOf(blockRow)[1];
    bring(0, stageAt(0, bytesOfRows, rows), first, rowRing->full(rows));
  });
  syncWarp(b);
  boundCaptures();
  return overTiles(keysOfStage, {count}, [&](const Tile& tile, ValueRange so) -> Values {
    Ring::Turn turn = keyRing->turn(so.front());
    when(b, firstLane, [&] {
      keyRing->waitEmpty(turn);
      const Positions first{{keyDim, tile.from}};
      bring(1, stageAt(keysAt, bytesOfKeys, turn), first, keyRing->full(turn));
      valueRing->waitEmpty(turn);
      bring(2, stageAt(valuesAt, bytesOfValues, turn), first, valueRing->full(turn));
    });
    syncWarp(b);
    return {add(b, so.front(), constant(b, 1))};
  })[0];
}

/// The same by a warp that multiplies them.
Value AttentionKernel::consume(const Ring::Turn& rows, Value count) {
  beginRows();
  chunk = constant(b, 0);  // one holds all columns
  rowRing->waitFull(rows);
  return columnsByWarpgroup(rows, count);
}

/// A warp is done with a slot.
void AttentionKernel::giveBack(Ring& ring, const Ring::Turn& turn) {
  when(b, firstLane, [&] { ring.giveBack(turn); });
}

void AttentionKernel::hopperTask(const Thread& thread) {
  tensor.emplace(b, thread, int64_t(consumers) * 4 * warpSize, narrow);
  self = thread;
  findThread();
  warp = sameInWarp(b, warp);
  firstLane = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, thread.lane(b), constant(b, 0));
  Value barriers = add(b, tensor->base(), constant(b, barriersAt));
  for (auto [ring, count] :
       {std::pair(&rowRing, stagesOfRows), std::pair(&keyRing, stages), std::pair(&valueRing, stages)}) {
    ring->emplace(b, barriers, count);
    barriers = add(b, barriers, constant(b, Ring::bytes(count)));
  }
  when(b, arith::CmpIOp::create(b, arith::CmpIPredicate::eq, thread.number, constant(b, 0)), [&] {
    for (Ring* ring : {&*rowRing, &*keyRing, &*valueRing}) ring->begin(consumers * warpsOfGroup);
    tile::FenceAsyncOp::create(b);
  });
  syncBlock(b);
  // Both go through the same tasks and the same tiles; their rings turn on from one to the next.
  using Part = Value (AttentionKernel::*)(const Ring::Turn&, Value);
  auto all = [&](Part part) {
    overTasks(thread.block, {constant(b, 0)}, [&](Value number, Value round, ValueRange count) {
      Values next;
      findNumber = [&, round] { return numberOf(thread.block, sameInWarp(b, round)); };
      atTask(number, [&] {
        findAgain();
        Value before = arith::IndexCastOp::create(b, b.getIndexType(), round);
        next = {(this->*part)(rowRing->turn(before), count[0])};
      });
      return next;
    });
  };
  bool bounds = false;
  for (auto [n, capture] : llvm::enumerate(captures)) bounds |= capture.byKey && classified(n);
  specialise(
      b, warp, bounds ? registersForBounds : producerRegisters, [&] { all(&AttentionKernel::produce); },
      [&] {
        beginTurns();
        all(&AttentionKernel::consume);
        endTurns();
      });
}

void AttentionKernel::emitHopper(const Device& device) {
  mapTensors();
  const int64_t bytes = setsAt + 4 * consumers * (keysOfStage / warpSize) * 4;
  emitBlocks(device, (consumers + 1) * 4 * warpSize, bytes, [&](const Thread& thread) { hopperTask(thread); });
}

}  // namespace heed::codegen::gpu
