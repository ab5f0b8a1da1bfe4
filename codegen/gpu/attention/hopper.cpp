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

constexpr int64_t boxColumns = 64, rowBytes = 128;  // of a box: what one swizzle is
constexpr int64_t stages = 2;
constexpr int64_t producerRegisters = 24, consumerRegisters = 240;
constexpr int64_t consumersBarrier = 1;  // barrier 0 is the block's

int64_t boxes(int64_t columns) { return llvm::divideCeil(columns, boxColumns); }

Value i32(Builder& b, Value index) { return arith::IndexCastOp::create(b, b.getI32Type(), index); }

/// PTX ISA, "Matrix descriptor": address, leading and stride offsets in units of 16 bytes, swizzle of 128 bytes.
Value descriptor(Builder& b, Value address, int64_t leading, int64_t stride) {
  Type i64 = b.getI64Type();
  auto number = [&](int64_t x) -> Value { return arith::ConstantOp::create(b, b.getI64IntegerAttr(x)); };
  Value bits = arith::IndexCastOp::create(b, i64, address);
  bits = arith::AndIOp::create(b, arith::ShRUIOp::create(b, bits, number(4)), number(0x3fff));
  return arith::OrIOp::create(b, bits, number((int64_t(1) << 62) | (stride / 16) << 32 | (leading / 16) << 16));
}

/// The same, so many bytes further on.
Value further(Builder& b, Value descriptor, int64_t bytes) {
  if (bytes == 0) return descriptor;
  return arith::AddIOp::create(b, descriptor, arith::ConstantOp::create(b, b.getI64IntegerAttr(bytes / 16)));
}

/// Sums are numbered as the registers of wgmma: tile, half, column.
int at(int h, int n, int c) { return 4 * n + 2 * h + c; }

Values registersOf(const Fragments& x) {
  Values all(x.values().size());
  x.each([&](int h, int n, int c) { all[at(h, n, c)] = Fragments(x).at(h, n, c); });
  return all;
}

Fragments fragmentsOf(ValueRange registers, int tiles) {
  Fragments x(tiles);
  x.each([&](int h, int n, int c) { x.at(h, n, c) = registers[at(h, n, c)]; });
  return x;
}

}  // namespace

int64_t AttentionKernel::Mapped::bytes() const {
  int64_t bytes = 2;
  for (int64_t size : box) bytes *= size;
  return bytes;
}

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
  for (const Mapped& mapped : mappedTensors())
    if (mapped.dims.size() > 5) return false;
  hopper = true;
  keyTiles = keysOfStage / columnsOfTile;
  rowsTogether = rowsOfBlock = together * (most / together);
  const int64_t deep = *getConstantIntValue(extent[depth]);
  bytesOfKeys = boxes(deep) * keysOfStage * rowBytes;
  bytesOfValues = boxes(columnCountKnown()) * keysOfStage * rowBytes;
  keysAt = boxes(deep) * pitchOfQueries();
  valuesAt = keysAt + stages * bytesOfKeys;
  barriersAt = valuesAt + stages * bytesOfValues;
  slotsAt = barriersAt + 8 * (1 + 4 * stages);
  slotsAt = llvm::alignTo(slotsAt, 16);
  return true;
}

int64_t AttentionKernel::columnCountKnown() { return getConstantIntValue(columnCount).value_or(INT64_MAX / 2); }

/// Q, K and V: the view, and its dims from the innermost.
std::vector<AttentionKernel::Mapped> AttentionKernel::mappedTensors() {
  std::vector<Mapped> all;
  auto map = [&](const View& view, int64_t inner) -> Mapped& {
    Mapped& mapped = all.emplace_back(Mapped{view, {inner}, {boxColumns}});
    for (int64_t dim : outer)
      if (view.has(dim)) mapped.dims.push_back(dim);
    mapped.box.resize(mapped.dims.size(), 1);
    return mapped;
  };
  auto rows = [](Mapped& mapped, int64_t dim, int64_t count) {
    mapped.dims.insert(mapped.dims.begin() + 1, dim), mapped.box.insert(mapped.box.begin() + 1, count);
  };
  Mapped& queries = map(similar[query], depth);
  int64_t together = *getConstantIntValue(rowsOfPosition);
  rows(queries, rowDim, llvm::divideCeil(consumers * 4 * rowsOfWarp, together));
  for (int64_t dim : ArrayRef(rowDims).drop_front()) rows(queries, dim, *getConstantIntValue(extent[dim]));
  rows(map(similar[key], depth), keyDim, keysOfStage);
  rows(map(valueView, value[0]), keyDim, keysOfStage);
  return all;
}

/// Between the boxes of Q in shared memory; swizzles begin at multiples of 1024 bytes.
int64_t AttentionKernel::pitchOfQueries() { return llvm::alignTo(mappedTensors()[0].bytes(), 1024); }

/// On the host: whether all three begin and step by multiples of 16 bytes, and have elements at all.
Value AttentionKernel::mappable() {
  Value bits = constant(b, 0), zero = constant(b, 0), all;
  auto also = [&](Value x) { all = all ? arith::AndIOp::create(b, all, x).getResult() : x; };
  for (const Mapped& mapped : mappedTensors()) {
    bits = arith::OrIOp::create(b, bits, addressOf(mapped.view));
    for (int64_t dim : mapped.dims) {
      also(below(b, zero, extent[dim]));
      if (dim == mapped.dims.front()) continue;
      Value bytes = mul(b, mapped.view.stride[dim], constant(b, 2));
      also(below(b, zero, bytes));
      bits = arith::OrIOp::create(b, bits, bytes);
    }
  }
  Value rest = arith::AndIOp::create(b, bits, constant(b, 15));
  also(arith::CmpIOp::create(b, arith::CmpIPredicate::eq, rest, zero));
  return all;
}

Value AttentionKernel::addressOf(const View& view) {
  Value memory = memref::ExtractAlignedPointerAsIndexOp::create(b, view.base);
  return add(b, memory, mul(b, view.offset, constant(b, 2)));
}

void AttentionKernel::mapTensors() {
  Type type = LLVM::LLVMArrayType::get(b.getI64Type(), 16);
  for (const Mapped& mapped : mappedTensors()) {
    Values sizes, strides;
    for (int64_t dim : mapped.dims) {
      sizes.push_back(extent[dim]);
      if (sizes.size() > 1) strides.push_back(mul(b, mapped.view.stride[dim], constant(b, 2)));
    }
    Value address = addressOf(mapped.view);
    maps.push_back(tile::TensorMapOp::create(b, type, address, sizes, strides, mapped.box, narrow).getResult());
  }
  mapped = mappedTensors();
}

/// Barriers: that of Q, then full and empty ones of K and of V, each for all stages.
Value AttentionKernel::barrierOf(int which, Value slot) {
  Value at = add(b, tensor->base(), constant(b, barriersAt + (which == 0 ? 0 : 8 + 8 * stages * (which - 1))));
  return slot ? add(b, at, mul(b, slot, constant(b, 8))) : at;
}

/// One thread has all boxes of a tensor brought: `to` in shared memory, from the key or the position `first` on.
void AttentionKernel::bring(int which, Value to, Value first, Value barrier) {
  const Mapped& from = mapped[which];
  const int64_t count = boxes(*getConstantIntValue(extent[from.dims[0]])), pitch = llvm::alignTo(from.bytes(), 1024);
  tile::MbarrierExpectOp::create(b, barrier, count * from.bytes());
  for (int64_t n = 0; n < count; ++n) {
    Values at{i32(b, constant(b, n * boxColumns))};
    for (int64_t dim : ArrayRef(from.dims).drop_front()) {
      Value whole = llvm::is_contained(rowDims, dim) ? constant(b, 0) : this->at.lookup(dim);
      at.push_back(i32(b, dim == rowDim || dim == keyDim ? first : whole));
    }
    tile::TmaLoadOp::create(b, maps[which], add(b, to, constant(b, n * pitch)), barrier, at);
  }
}

void AttentionKernel::turnOf(Value count) {
  slot = arith::AndIOp::create(b, count, constant(b, stages - 1));
  parity = i32(b, arith::AndIOp::create(b, quotient(b, count, constant(b, stages)), constant(b, 1)));
}

void AttentionKernel::produce(Value first) {
  when(b, first, [&] { bring(0, tensor->base(), quotient(b, blockRow, rowsOfPosition), barrierOf(0, {})); });
  boundCaptures();
  Value tile = constant(b, keysOfStage);
  auto loop = scf::ForOp::create(b, keyFrom, keyTo, tile, constant(b, 0));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value from = loop.getInductionVar(), count = loop.getRegionIterArgs()[0];
  auto load = [&] {
    turnOf(count);
    Value other = arith::XOrIOp::create(b, parity, arith::ConstantOp::create(b, b.getI32IntegerAttr(1)));
    when(b, first, [&] {
      tile::MbarrierWaitOp::create(b, barrierOf(2, slot), other);
      bring(1, add(b, tensor->base(), add(b, constant(b, keysAt), mul(b, slot, constant(b, bytesOfKeys)))), from,
            barrierOf(1, slot));
      tile::MbarrierWaitOp::create(b, barrierOf(4, slot), other);
      bring(2, add(b, tensor->base(), add(b, constant(b, valuesAt), mul(b, slot, constant(b, bytesOfValues)))), from,
            barrierOf(3, slot));
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
void AttentionKernel::giveBack(int which) {
  when(b, firstLane, [&] { tile::MbarrierArriveOp::create(b, barrierOf(which, slot)); });
}

Fragments AttentionKernel::productsByWarpgroup() {
  tile::MbarrierWaitOp::create(b, barrierOf(1, slot), parity);
  Value mine = mul(b, quotient(b, warp, constant(b, 4)), constant(b, 4 * rowsOfWarp * rowBytes));
  Value q = descriptor(b, add(b, tensor->base(), mine), 16, 8 * rowBytes);
  Value k = add(b, constant(b, keysAt), mul(b, slot, constant(b, bytesOfKeys)));
  k = descriptor(b, add(b, tensor->base(), k), 16, 8 * rowBytes);
  const int64_t perBox = boxColumns / Cores::step, count = keysOfStage / 2;
  const int64_t steps = llvm::divideCeil(*getConstantIntValue(extent[depth]), Cores::step);
  SmallVector<Type> types(count, b.getF32Type());
  tile::WgmmaFenceOp::create(b, TypeRange(), ValueRange());
  Values sums;
  for (int64_t n = 0; n < steps; ++n) {
    int64_t within = n % perBox * 2 * Cores::step, box = n / perBox;
    Value left = further(b, q, box * pitchOfQueries() + within);
    Value right = further(b, k, box * keysOfStage * rowBytes + within);
    auto product = tile::WgmmaOp::create(b, types, left, right, sums, keysOfStage, narrow, /*upright=*/false);
    sums = llvm::to_vector(ValueRange(product.getResults()));
  }
  tile::WgmmaCommitOp::create(b);
  auto done = tile::WgmmaWaitOp::create(b, types, sums, 0);
  giveBack(2);
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
      Value values = add(b, constant(b, valuesAt), mul(b, slot, constant(b, bytesOfValues)));
      Value all = memref::ViewOp::create(b, zeros, shared, values, ValueRange{constant(b, bytesOfValues / 8)});
      Value none = arith::ConstantOp::create(b, b.getI64IntegerAttr(0));
      for (int64_t box = 0; box < bytesOfValues / (keysOfStage * rowBytes); ++box)
        for (int64_t n = 0; n < rowBytes / 8; ++n)
          memref::StoreOp::create(
              b, none, all,
              add(b, mul(b, row, constant(b, rowBytes / 8)), constant(b, box * keysOfStage * rowBytes / 8 + n)));
    });
  });
  tile::FenceAsyncOp::create(b);
  tile::NamedBarrierOp::create(b, consumersBarrier, threads);
}

void AttentionKernel::accumulateByWarpgroup(State& state, const Fragments& weights, const Keys& keys) {
  tile::MbarrierWaitOp::create(b, barrierOf(3, slot), parity);
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
  Value v = add(b, constant(b, valuesAt), mul(b, slot, constant(b, bytesOfValues)));
  v = descriptor(b, add(b, tensor->base(), v), keysOfStage * rowBytes, 8 * rowBytes);
  SmallVector<Type> types(sums, b.getF32Type());
  for (int64_t k = 0; k < keysOfStage / Cores::step; ++k) {
    auto product = tile::WgmmaOp::create(b, types, left.slice(4 * k, 4), further(b, v, k * Cores::step * rowBytes), out,
                                         columnTiles * columnsOfTile, narrow, /*upright=*/true);
    out = llvm::to_vector(ValueRange(product.getResults()));
  }
  tile::WgmmaCommitOp::create(b);
  auto done = tile::WgmmaWaitOp::create(b, types, out, 0);
  giveBack(4);
  state.out = fragmentsOf(done.getResults(), columnTiles);
}

void AttentionKernel::hopperTask(const Thread& thread) {
  tensor.emplace(b, thread, int64_t(consumers) * 4 * warpSize, narrow);
  shared = thread.shared;
  locate(thread);
  firstLane = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, thread.lane(b), constant(b, 0));
  when(b, arith::CmpIOp::create(b, arith::CmpIPredicate::eq, thread.number, constant(b, 0)), [&] {
    tile::MbarrierInitOp::create(b, barrierOf(0, {}), 1);
    for (int which : {1, 2, 3, 4})
      for (int64_t n = 0; n < stages; ++n)
        tile::MbarrierInitOp::create(b, barrierOf(which, constant(b, n)), which % 2 ? 1 : consumers * 4);
    tile::FenceAsyncOp::create(b);
  });
  syncBlock(b);
  auto consume = [&] {
    tile::RegistersOp::create(b, consumerRegisters, /*more=*/true);
    tile::MbarrierWaitOp::create(b, barrierOf(0, {}), arith::ConstantOp::create(b, b.getI32IntegerAttr(0)));
    work();
    return Values();
  };
  auto serve = [&] {
    tile::RegistersOp::create(b, producerRegisters, /*more=*/false);
    when(b, arith::CmpIOp::create(b, arith::CmpIPredicate::eq, warp, constant(b, 4 * consumers)),
         [&] { produce(firstLane); });
    return Values();
  };
  choose(b, below(b, warp, constant(b, 4 * consumers)), {}, consume, serve);
}

void AttentionKernel::emitHopper(const Device& device) {
  mapTensors();
  const int64_t bytes = slotsAt + 4 * consumers * (keysOfStage / warpSize) * 4;
  emitBlocks(device, (consumers + 1) * 4 * warpSize, bytes, [&](const Thread& thread) { hopperTask(thread); });
}

}  // namespace heed::codegen::gpu
