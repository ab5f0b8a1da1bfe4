// Products by wgmma (sm_90a): tiles of 128 x 256 sums, each by two warpgroups of 64 rows, whose operands a producer
// warp has the copy engine bring, 64 deep at once and four such stages ahead. The products of one stage run while the
// next is waited for.
//
// As many blocks as there are multiprocessors go through all tiles: the producer brings the next tile's first stages
// while this one's sums are finished. Tiles follow each other down 16 rows of them, then along the columns: those at
// work at a time are a square, nearly, and what they read of both sides stays in the second level cache.
#include "heed/codegen/cpu/loops/coordinates.h"
#include "heed/codegen/gpu/contract/kernel.h"
#include "heed/codegen/tile/async.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace heed::codegen::gpu {

using namespace mlir;

namespace {

constexpr int64_t producerRegisters = 40;  // the way to a tile takes more than 24
constexpr int64_t tileRows = consumerGroups * warpgroupRows, tileColumns = 256, tileDepth = boxColumns;
constexpr int64_t stages = 4;
constexpr int64_t leftBytes = tileRows * boxRowBytes, rightBytes = tileColumns * boxRowBytes;
constexpr int64_t barriersAt = stages * (leftBytes + rightBytes);
constexpr int64_t groupRows = 16;  // tiles of rows that follow each other
// Columns whose captures are read before any of them is stored: with the sums there are no registers for more.
constexpr int64_t readAhead = 16;
constexpr int64_t batch = 64;  // columns that are finished together

}  // namespace

/// Why it cannot be by wgmma, whatever the extents are; empty: it can.
std::string ProductKernel::hopperRefusal() {
  if (!device.exact || device.generation != 90) return device.chip() + " has no wgmma";
  if (leftUpright) return "of the left side, wgmma is given rows";
  mapped = mappedTensors();
  for (const Mapped& tensor : mapped)
    if (tensor.dims.size() > 5) return "the copy engine knows no tensors of more than 5 dims";
  return "";
}

/// Both sides; rows, columns and the depth as one dim each.
std::vector<Mapped> ProductKernel::mappedTensors() {
  std::vector<Mapped> all;
  auto map = [&](const View& view, std::initializer_list<Mapped::Dim> dims) {
    Mapped& tensor = all.emplace_back(Mapped{view, dims});
    for (int64_t dim : outer)
      if (view.has(dim)) tensor.dims.push_back({extents[dim], view.stride[dim], 1, dim});
  };
  Mapped::Dim deep{extents[depth], views[1].stride[depth], tileDepth};
  Mapped::Dim wide{columnCount, views[1].stride[columns.back()], tileColumns};
  map(views[0], {deep, {rowCount, views[0].stride[rows.back()], tileRows}});
  if (upright) {
    wide.box = boxColumns;
    map(views[1], {wide, deep});
  } else {
    map(views[1], {deep, wide});
  }
  return all;
}

/// On the host. Of few tiles most multiprocessors would have none: blocks of mma.sync are half as large and reach twice
/// as many, which is worth what wgmma is faster by. What the copy engine cannot be told of goes by mma.sync, too.
Value ProductKernel::large() {
  rowTiles = ceiling(b, rowCount, constant(b, tileRows)),
  columnTiles = ceiling(b, columnCount, constant(b, tileColumns));
  tiles = mul(b, mul(b, rowTiles, columnTiles), product(outer));
  blocks = smaller(b, tiles, constant(b, device.multiprocessors()));
  steps = ceiling(b, extents[depth], constant(b, tileDepth));
  Value all = below(b, constant(b, device.multiprocessors() / 2), tiles);
  auto also = [&](Value so) {
    if (so) all = b.createOrFold<arith::AndIOp>(all, so);
  };
  for (const Mapped& tensor : mapped) also(tensor.possible(b));
  also(lieAsOne(views[0], rows)), also(lieAsOne(views[1], columns));
  return all;
}

ProductKernel::Tile ProductKernel::tileAt(Value number) {
  Value perPoint = mul(b, rowTiles, columnTiles), perGroup = mul(b, columnTiles, constant(b, groupRows));
  Value point = quotient(b, number, perPoint), rest = sub(b, number, mul(b, point, perPoint));
  Value group = quotient(b, rest, perGroup), first = mul(b, group, constant(b, groupRows));
  Value within = sub(b, rest, mul(b, group, perGroup));
  Value size = smaller(b, sub(b, rowTiles, first), constant(b, groupRows));
  Value column = quotient(b, within, size), row = add(b, first, sub(b, within, mul(b, column, size)));
  Values sizes;
  for (int64_t dim : outer) sizes.push_back(extents[dim]);
  Place place = Place(views, extents.size()).step(b, views, outer, coordinatesAt(b, point, sizes));
  return {place, mul(b, row, constant(b, tileRows)), mul(b, column, constant(b, tileColumns)), {}};
}

/// Those of the thread's block; `count` stages came before.
void ProductKernel::overTiles(const Thread& thread, llvm::function_ref<void(const Tile&, Value)> body) {
  auto loop = scf::ForOp::create(b, thread.block, tiles, blocks, constant(b, 0));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value count = loop.getRegionIterArgs()[0];
  body(tileAt(loop.getInductionVar()), count);
  scf::YieldOp::create(b, ValueRange{add(b, count, steps)});
}

static void overSteps(Builder& b, Value steps, llvm::function_ref<void(Value)> body) {
  auto loop = scf::ForOp::create(b, constant(b, 0), steps, constant(b, 1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

/// By one thread.
void ProductKernel::produce(const Tile& tile, Value count) {
  overSteps(b, steps, [&](Value step) {
    Ring::Turn turn = ring->turn(add(b, count, step));
    ring->waitEmpty(turn);
    tile::MbarrierExpectOp::create(b, ring->full(turn), leftBytes + rightBytes);
    Value k = mul(b, step, constant(b, tileDepth));
    auto from = [&](size_t which, Value first, Value second) {
      Values at{first, second};
      for (const Mapped::Dim& dim : ArrayRef(mapped[which].dims).drop_front(2))
        at.push_back(tile.place.index[dim.number]);
      return at;
    };
    Value left = add(b, base, mul(b, turn.slot, constant(b, leftBytes)));
    Value right = add(b, base, add(b, constant(b, stages * leftBytes), mul(b, turn.slot, constant(b, rightBytes))));
    bring(b, maps[0], left, 1, 0, ring->full(turn), from(0, k, tile.firstRow));
    if (upright)
      bring(b, maps[1], right, boxes(tileColumns), tileDepth * boxRowBytes, ring->full(turn),
            from(1, tile.firstColumn, k));
    else
      bring(b, maps[1], right, 1, 0, ring->full(turn), from(1, k, tile.firstColumn));
  });
}

/// A warpgroup's 64 rows of a tile.
Values ProductKernel::sumsByWarpgroup(const Thread& thread, Value count) {
  Value warp = thread.warp(b), one = constant(b, 1);
  Value first = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, thread.lane(b), constant(b, 0));
  Value mine = mul(b, quotient(b, warp, constant(b, warpsOfGroup)), constant(b, warpgroupRows * boxRowBytes));
  Values sums(tileColumns / 2, arith::ConstantOp::create(b, b.getF32FloatAttr(0)).getResult());
  SmallVector<Type> types(sums.size(), b.getF32Type());
  sums = llvm::to_vector(ValueRange(tile::WgmmaFenceOp::create(b, types, sums).getResults()));
  auto loop = scf::ForOp::create(b, constant(b, 0), steps, one, sums);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value step = loop.getInductionVar(), number = add(b, count, step);
    Ring::Turn turn = ring->turn(number);
    ring->waitFull(turn);
    Value left = add(b, add(b, base, mine), mul(b, turn.slot, constant(b, leftBytes)));
    Value right = add(b, base, add(b, constant(b, stages * leftBytes), mul(b, turn.slot, constant(b, rightBytes))));
    left = descriptor(b, left, 16, 8 * boxRowBytes);
    right = descriptor(b, right, upright ? tileDepth * boxRowBytes : 16, 8 * boxRowBytes);
    tile::WgmmaFenceOp::create(b, TypeRange(), ValueRange());
    sums = llvm::to_vector(ValueRange(loop.getRegionIterArgs()));
    for (int64_t k = 0; k < tileDepth; k += Cores::step) {
      Value there = further(b, right, k * (upright ? boxRowBytes : 2));
      auto product =
          tile::WgmmaOp::create(b, types, further(b, left, 2 * k), there, sums, tileColumns, views[0].element, upright);
      sums = llvm::to_vector(ValueRange(product.getResults()));
    }
    tile::WgmmaCommitOp::create(b);
    // All but this stage's products are done, and so is the warp with the stage before it.
    tile::WgmmaWaitOp::create(b, TypeRange(), ValueRange(), 1);
    Value before = arith::AndIOp::create(b, first, below(b, constant(b, 0), step));
    when(b, before, [&] { ring->giveBack(ring->turn(sub(b, number, one))); });
    scf::YieldOp::create(b, sums);
  }
  auto done = tile::WgmmaWaitOp::create(b, types, ValueRange(loop.getResults()), 0);
  when(b, first, [&] { ring->giveBack(ring->turn(sub(b, add(b, count, steps), one))); });
  return llvm::to_vector(ValueRange(done.getResults()));
}

/// Column `column` + `first` + `within`, `within` below 8; past the end it is any, of the same parity.
Place ProductKernel::atColumn(const Place& line, Value column, int64_t first, Value within) {
  int64_t inner = getConstantIntValue(extents[columns.back()]).value_or(1), run = std::gcd(inner, batch);
  auto last = [&](int64_t count) { return sub(b, columnCount, constant(b, count)); };
  if (columns.size() == 1 || run < 8) {
    Value number = add(b, add(b, column, constant(b, first)), within);
    return along(line, columns, wholeBatches() ? number : smaller(b, number, last(inPairs() ? 2 : 1)));
  }
  // Whole runs of the last dim stand in a batch: one position for all columns of a run, and for all threads.
  Value start = add(b, column, constant(b, first / run * run));
  Place begin = along(line, columns, wholeBatches() ? start : smaller(b, start, last(run)));
  return begin.step(b, views, columns.back(), add(b, constant(b, first % run), within));
}

/// Whether of a batch either all columns are there or none.
bool ProductKernel::wholeBatches() { return getConstantIntValue(columnCount).value_or(1) % batch == 0; }

/// parts[number]: which it is nobody knows before run time, and registers have no numbers there.
static Values choosePart(Builder& b, Value number, ArrayRef<Values> parts) {
  if (parts.size() == 1) return parts[0];
  const int64_t half = parts.size() / 2;
  Value middle = constant(b, half);
  return choose(
      b, below(b, number, middle), ValueRange(parts[0]).getTypes(),
      [&] { return choosePart(b, number, parts.take_front(half)); },
      [&] { return choosePart(b, sub(b, number, middle), parts.drop_front(half)); });
}

/// Each thread finishes the sums that it holds: in loops, for epilogues may be long, and few registers are left.
void ProductKernel::finishFragments(const Thread& thread, const Tile& tile, const Values& sums) {
  Value lane = thread.lane(b), group = quotient(b, lane, constant(b, 4));
  Value pair = mul(b, sub(b, lane, mul(b, group, constant(b, 4))), constant(b, 2));
  Value firstRow = add(b, add(b, tile.firstRow, mul(b, thread.warp(b), constant(b, 16))), group);
  Value end = smaller(b, sub(b, columnCount, tile.firstColumn), constant(b, tileColumns));
  std::vector<Values> parts;
  for (int h = 0; h < 2; ++h)
    for (int64_t from = 0; from < tileColumns; from += batch)
      for (int64_t n = 0; n < batch / 8; ++n) {
        if (n == 0) parts.emplace_back();
        for (int c = 0; c < 2; ++c) parts.back().push_back(sums[sumOf(h, from / 8 + n, c)]);
      }
  overSteps(b, constant(b, 2), [&](Value half) {
    Value row = add(b, firstRow, mul(b, half, constant(b, 8)));
    when(b, below(b, row, rowCount), [&] {
      Place line = along(tile.place, rows, row);
      overSteps(b, ceiling(b, end, constant(b, batch)), [&](Value number) {
        Values part = choosePart(b, add(b, mul(b, half, constant(b, tileColumns / batch)), number), parts);
        finishBatch(line, add(b, tile.firstColumn, mul(b, number, constant(b, batch))), pair, part);
      });
    });
  });
}

/// Whether an even column and the next one lie beside each other in all that has columns.
bool ProductKernel::inPairs() { return getConstantIntValue(extents[columns.back()]).value_or(1) % 2 == 0; }

/// A thread's sums of a batch of columns from `column` on, which are those `pair` and `pair` + 1 of each 8.
void ProductKernel::finishBatch(const Place& line, Value column, Value pair, const Values& sums) {
  struct Pair {
    SmallVector<Place, 2> here;
    Values sums, inside, captures[2];
  };
  Value one = constant(b, 1);
  for (int64_t from = 0; from < batch; from += readAhead) {
    std::vector<Pair> pairs;
    for (int64_t first = from; first < from + readAhead; first += 8) {
      Pair& x = pairs.emplace_back();
      Value next = add(b, pair, one);
      x.sums = {sums[first / 4], sums[first / 4 + 1]};
      if (!wholeBatches())
        for (Value within : {pair, inPairs() ? pair : next})
          x.inside.push_back(below(b, add(b, add(b, column, constant(b, first)), within), columnCount));
      x.here.push_back(atColumn(line, column, first, pair));
      x.here.push_back(inPairs() ? x.here[0].step(b, views, columns.back(), one) : atColumn(line, column, first, next));
      for (size_t n = 2; n < out && !op.getEpilogue().empty(); ++n) {
        auto [low, high] = words->load(n, x.here[0].position[n], x.here[1].position[n]);
        x.captures[0].push_back(low), x.captures[1].push_back(high);
      }
    }
    for (Pair& x : pairs)
      for (int c = 0; c < 2; ++c) x.sums[c] = finished(x.here[c], x.sums[c], x.captures[c]);
    for (const Pair& x : pairs) {
      auto at = [&](int c) { return x.here[c].position[out]; };
      auto both = [&] { words->store(out, x.sums[0], x.sums[1], at(0), at(1)); };
      if (x.inside.empty())
        both();
      else if (inPairs())
        when(b, x.inside[0], both);
      else
        for (int c = 0; c < 2; ++c) when(b, x.inside[c], [&] { store(b, views[out], x.sums[c], at(c)); });
    }
  }
}

void ProductKernel::emitHopper() {
  emitRemark(op.getLoc()) << "product by wgmma: tiles of " << tileRows << " x " << tileColumns << ", " << stages
                          << " stages, blocks that take tile after tile; if there are more than "
                          << device.multiprocessors() / 2 << ", and rows of both sides begin at multiples of 16 bytes";
  for (const Mapped& tensor : mapped) maps.push_back(tensor.map(b));
  words.emplace(b, views, inPairs() ? columns.back() : -1);
  launch(b, blocks, (consumerGroups + 1) * warpsOfGroup * warpSize, barriersAt + Ring::bytes(stages),
         [&](Builder&, const Thread& thread) {
           base = Cores(b, thread, 0, views[0].element).base();
           ring.emplace(b, add(b, base, constant(b, barriersAt)), stages);
           Value lane = thread.lane(b), zero = constant(b, 0);
           when(b, arith::CmpIOp::create(b, arith::CmpIPredicate::eq, thread.number, zero), [&] {
             ring->begin(consumerGroups * warpsOfGroup);
             tile::FenceAsyncOp::create(b);
           });
           syncBlock(b);
           specialise(
               b, thread.warp(b), producerRegisters,
               [&] {
                 when(b, arith::CmpIOp::create(b, arith::CmpIPredicate::eq, lane, zero),
                      [&] { overTiles(thread, [&](const Tile& tile, Value count) { produce(tile, count); }); });
               },
               [&] {
                 overTiles(thread, [&](const Tile& tile, Value count) {
                   finishFragments(thread, tile, sumsByWarpgroup(thread, count));
                 });
               });
         });
}

}  // namespace heed::codegen::gpu
