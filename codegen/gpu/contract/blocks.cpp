// Products by blocks: tiles of both sides come to shared memory ahead of the products, then sums are finished by rows.
#include "heed/codegen/gpu/contract/blocks.h"

#include "heed/codegen/cpu/loops/coordinates.h"
#include "heed/codegen/gpu/contract/kernel.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace heed::codegen::gpu {

using namespace mlir;

std::pair<Value, Value> warpPlace(Builder& b, const Thread& thread, const Blocks& blocks) {
  Value across = constant(b, blocks.columns / blocks.warpColumns), warp = thread.warp(b);
  Value row = quotient(b, warp, across), column = sub(b, warp, mul(b, row, across));
  return {mul(b, row, constant(b, blocks.warpRows)), mul(b, column, constant(b, blocks.warpColumns))};
}

static int64_t sumsPitch(const Blocks& blocks) { return blocks.columns + 4; }  // as floats

Value ProductKernel::countTiles(const Blocks& blocks) {
  Value across = ceiling(b, columnCount, constant(b, blocks.columns));
  return mul(b, mul(b, ceiling(b, rowCount, constant(b, blocks.rows)), across), product(outer));
}

/// Where the depth is in parts: each by a block of its own if all of them are at work at once.
void ProductKernel::emitBlocks(const Blocks& blocks, MakeMultiplier& make) {
  if (parts.count == 1) return emitGrid(blocks, make, false);
  Value all = mul(b, countTiles(blocks), constant(b, parts.count));
  Value most = constant(b, device.multiprocessors() + 1);
  choose(
      b, below(b, all, most), {},
      [&] {
        Value numbers = mul(b, mul(b, product(outer), constant(b, parts.count)), mul(b, rowCount, columnCount));
        auto floats = MemRefType::get({ShapedType::kDynamic}, b.getF32Type());
        parts.memory.base = tile::SharedOp::create(b, floats, mul(b, numbers, constant(b, sizeof(float))));
        parts.memory.element = b.getF32Type();
        emitGrid(blocks, make, true);
        merge();
        return Values();
      },
      [&] { return emitGrid(blocks, make, false), Values(); });
}

/// `spread`: a block for each part.
void ProductKernel::emitGrid(const Blocks& blocks, MakeMultiplier& make, bool spread) {
  Values grid;
  for (int64_t dim : outer) grid.push_back(extents[dim]);
  if (spread) grid.push_back(constant(b, parts.count));
  grid.push_back(ceiling(b, rowCount, constant(b, blocks.rows)));
  grid.push_back(ceiling(b, columnCount, constant(b, blocks.columns)));
  Value count = constant(b, 1);
  for (Value size : grid) count = mul(b, count, size);

  const int64_t width = views[0].element.getIntOrFloatBitWidth() / 8;
  auto side = [&](int64_t begin, int64_t lines, bool upright) -> Side {
    if (upright) return {{begin, blocks.depth, lines, width, blocks.uprightGap}, upright};
    return {{begin, lines, blocks.depth, width}, upright};
  };
  Side left = side(0, blocks.rows, leftUpright), right = side(left.staged.bytes(), blocks.columns, upright);
  const int64_t stage = left.staged.bytes() + right.staged.bytes();
  const int64_t shared = std::max<int64_t>(blocks.stages * stage, blocks.rows * sumsPitch(blocks) * sizeof(float));
  launch(b, count, blocks.warps() * warpSize, shared, [&](Builder&, const Thread& thread) {
    SmallVector<Value> at = coordinatesAt(b, thread.block, grid);
    Value column = mul(b, at.pop_back_val(), constant(b, blocks.columns));
    Value row = mul(b, at.pop_back_val(), constant(b, blocks.rows));
    Value part = spread ? at.pop_back_val() : Value(), sums;
    if (spread) sums = partAt(at, part, row, column);
    Place place = Place(views, extents.size()).step(b, views, outer, at);
    Staging staging(b, thread, blocks.warps() * warpSize, views[0].element,
                    parts.count > 1 && !spread ? 1 : Staging::manyAtOnce);
    auto multiplier = make(b, thread, {staging, blocks, left, right});
    auto bring = [&](Value k, Value at) {
      bringSide(staging, left, 0, place, rows, row, rowCount, k, at);
      bringSide(staging, right, 1, place, columns, column, columnCount, k, at);
    };
    Values all = overDepth(blocks, stage, bring, *multiplier, part);
    finishByRows(thread, blocks, {place, row, column, sums}, *multiplier, all);
  });
}

/// One tile of a side, from `k` on along the depth and from `first` of `count` on across, `at` bytes behind its place.
void ProductKernel::bringSide(Staging& staging, const Side& side, size_t operand, const Place& place,
                              ArrayRef<int64_t> dims, Value first, Value count, Value k, Value at) {
  Value deep = extents[depth];
  View view = views[operand];
  view.offset = place.position[operand];
  if (side.upright) {
    auto line = [&](Value row) { return place.step(b, views, depth, add(b, k, row)).position[operand]; };
    return staging.stage(side.staged, {view, line, view.stride[depth], first, count, sub(b, deep, k)}, at);
  }
  Values strides;
  for (int64_t dim : dims) strides.push_back(view.stride[dim]);
  Value last = sub(b, count, constant(b, 1));
  auto line = [&](Value row) { return along(place, dims, smaller(b, add(b, first, row), last)).position[operand]; };
  staging.stage(side.staged, {view, line, strides, k, deep, sub(b, count, first)}, at);
}

/// A thread's sums, of a part or of all. One barrier for each tile says both that it is there and that nobody reads the
/// one before any more, in whose place the next one comes that has room.
Values ProductKernel::overDepth(const Blocks& blocks, int64_t stage, llvm::function_ref<void(Value, Value)> bring,
                                Multiplier& multiplier, Value part) {
  Value by = constant(b, blocks.depth), perPart = constant(b, parts.depth / blocks.depth);
  Value first = constant(b, 0), end = ceiling(b, extents[depth], by);
  if (part) first = mul(b, part, perPart), end = smaller(b, end, add(b, first, perPart));
  auto placeOf = [&](Value number) {
    return mul(b, arith::RemUIOp::create(b, number, constant(b, blocks.stages)), constant(b, stage));
  };
  auto bringTile = [&](Value number) {
    when(b, below(b, number, end), [&] { bring(mul(b, number, by), placeOf(number)); });
    Staging::commit(b);
  };
  for (int64_t n = 0; n + 1 < blocks.stages; ++n) bringTile(add(b, first, constant(b, n)));
  Value none = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
  const Values nothing(multiplier.count(), none);
  auto over = [&](Value from, Value to, Value step, llvm::function_ref<Values(Value, ValueRange)> body) {
    auto loop = scf::ForOp::create(b, from, to, step, nothing);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    scf::YieldOp::create(b, body(loop.getInductionVar(), loop.getRegionIterArgs()));
    return llvm::to_vector(ValueRange(loop.getResults()));
  };
  auto sumsOf = [&](Value from, Value to) {
    return over(from, to, constant(b, 1), [&](Value number, ValueRange sums) {
      Staging::wait(b, int(blocks.stages) - 2);
      syncBlock(b);
      bringTile(add(b, number, constant(b, blocks.stages - 1)));
      return multiplier.multiply(llvm::to_vector(sums), placeOf(number));
    });
  };
  Values all;
  if (part || parts.count == 1)
    all = sumsOf(first, end);
  else
    all = over(first, end, perPart, [&](Value from, ValueRange before) {
      Values next;
      for (auto [x, y] : llvm::zip(before, sumsOf(from, smaller(b, end, add(b, from, perPart)))))
        next.push_back(arith::AddFOp::create(b, x, y));
      return next;
    });
  syncBlock(b);  // the sums go where the tiles were
  return all;
}

/// The sums through shared memory, so that each warp finishes whole rows: neighbouring lanes write neighbours.
void ProductKernel::finishByRows(const Thread& thread, const Blocks& blocks, const Tile& tile, Multiplier& multiplier,
                                 const Values& sums) {
  Value pitch = constant(b, sumsPitch(blocks));
  auto floats = MemRefType::get({ShapedType::kDynamic}, b.getF32Type(), AffineMap(), b.getI64IntegerAttr(3));
  Value memory = memref::ViewOp::create(b, floats, thread.shared, constant(b, 0),
                                        ValueRange{constant(b, blocks.rows * sumsPitch(blocks))});
  for (auto [n, sum] : llvm::enumerate(sums)) {
    auto [row, column] = multiplier.placeOf(int64_t(n));
    memref::StoreOp::create(b, sum, memory, add(b, mul(b, row, pitch), column));
  }
  syncBlock(b);
  auto loop = [&](Value from, Value to, int64_t step, llvm::function_ref<void(Value)> body) {
    auto loop = scf::ForOp::create(b, from, to, constant(b, step));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar());
  };
  Value lastRow = smaller(b, sub(b, rowCount, tile.firstRow), constant(b, blocks.rows));
  Value lastColumn = smaller(b, sub(b, columnCount, tile.firstColumn), constant(b, blocks.columns));
  loop(thread.warp(b), lastRow, blocks.warps(), [&](Value row) {
    if (tile.sums) {  // of a part
      Value mine = add(b, tile.sums, mul(b, row, columnCount));
      return loop(thread.lane(b), lastColumn, warpSize, [&](Value column) {
        Value sum = memref::LoadOp::create(b, memory, add(b, mul(b, row, pitch), column)).getResult();
        store(b, parts.memory, sum, add(b, mine, column));
      });
    }
    Place line = along(tile.place, rows, add(b, tile.firstRow, row));
    loop(thread.lane(b), lastColumn, warpSize, [&](Value column) {
      Place here = along(line, columns, add(b, tile.firstColumn, column));
      Value sum = memref::LoadOp::create(b, memory, add(b, mul(b, row, pitch), column)).getResult();
      store(b, views[out], finished(here, sum, capturesAt(here)), here.position[out]);
    });
  });
}

}  // namespace heed::codegen::gpu
