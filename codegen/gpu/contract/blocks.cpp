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

void ProductKernel::emitBlocks(const Blocks& blocks, MakeMultiplier& make) {
  Values grid;
  for (int64_t dim : outer) grid.push_back(extents[dim]);
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
    Place place = Place(views, extents.size()).step(b, views, outer, at);
    Staging staging(b, thread, blocks.warps() * warpSize, views[0].element);
    auto multiplier = make(b, thread, {staging, blocks, left, right});
    auto bring = [&](Value k, Value at) {
      bringSide(staging, left, 0, place, rows, row, rowCount, k, at);
      bringSide(staging, right, 1, place, columns, column, columnCount, k, at);
    };
    finishByRows(thread, blocks, {place, row, column}, *multiplier, overDepth(blocks, stage, bring, *multiplier));
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

/// A thread's sums. One barrier for each tile says both that it is there and that nobody reads the one before any more,
/// in whose place the next one comes that has room.
Values ProductKernel::overDepth(const Blocks& blocks, int64_t stage, llvm::function_ref<void(Value, Value)> bring,
                                Multiplier& multiplier) {
  Value zero = constant(b, 0), deep = extents[depth], by = constant(b, blocks.depth);
  auto placeOf = [&](Value number) {
    return mul(b, arith::RemUIOp::create(b, number, constant(b, blocks.stages)), constant(b, stage));
  };
  auto bringTile = [&](Value number) {
    Value k = mul(b, number, by);
    when(b, below(b, k, deep), [&] { bring(k, placeOf(number)); });
    Staging::commit(b);
  };
  for (int64_t n = 0; n + 1 < blocks.stages; ++n) bringTile(constant(b, n));
  Value none = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
  auto loop = scf::ForOp::create(b, zero, ceiling(b, deep, by), constant(b, 1), Values(multiplier.count(), none));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value number = loop.getInductionVar();
    Staging::wait(b, int(blocks.stages) - 2);
    syncBlock(b);
    bringTile(add(b, number, constant(b, blocks.stages - 1)));
    scf::YieldOp::create(b,
                         multiplier.multiply(llvm::to_vector(ValueRange(loop.getRegionIterArgs())), placeOf(number)));
  }
  syncBlock(b);  // the sums go where the tiles were
  return llvm::to_vector(ValueRange(loop.getResults()));
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
    Place line = along(tile.place, rows, add(b, tile.firstRow, row));
    loop(thread.lane(b), lastColumn, warpSize, [&](Value column) {
      Place here = along(line, columns, add(b, tile.firstColumn, column));
      Value sum = memref::LoadOp::create(b, memory, add(b, mul(b, row, pitch), column)).getResult();
      store(b, views[out], finished(here, sum, capturesAt(here)), here.position[out]);
    });
  });
}

}  // namespace heed::codegen::gpu
