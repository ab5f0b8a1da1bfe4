// Products by mma.sync: blocks of 128 x 128 sums, two tiles of the depth in shared memory by turns.
#include "heed/codegen/cpu/loops/coordinates.h"
#include "heed/codegen/gpu/contract/kernel.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace heed::codegen::gpu {

using namespace mlir;

namespace {

constexpr int64_t blockRows = 128, blockColumns = 128, blockDepth = 32, stages = 2;
constexpr int64_t warpRows = 32, warpColumns = 64;
constexpr int64_t warps = blockRows / warpRows * (blockColumns / warpColumns);
constexpr int64_t sumsPitch = blockColumns + 4;  // of the block's sums, as floats

}  // namespace

void ProductKernel::emitCores(const std::string& why) {
  emitRemark(op.getLoc()) << "product by mma.sync: tiles of " << blockRows << " x " << blockColumns << ", " << stages
                          << " stages; " << why;
  Values grid;
  for (int64_t dim : outer) grid.push_back(extents[dim]);
  grid.push_back(ceiling(b, rowCount, constant(b, blockRows)));
  grid.push_back(ceiling(b, columnCount, constant(b, blockColumns)));
  Value blocks = constant(b, 1);
  for (Value size : grid) blocks = mul(b, blocks, size);

  left = {0, blockRows, blockDepth};
  right = {left.bytes(), upright ? blockDepth : blockColumns, upright ? blockColumns : blockDepth};
  turn = left.bytes() + right.bytes();
  int64_t shared = std::max<int64_t>(stages * turn, blockRows * sumsPitch * sizeof(float));
  launch(b, blocks, warps * warpSize, shared, [&](Builder&, const Thread& thread) {
    SmallVector<Value> at = coordinatesAt(b, thread.block, grid);
    firstColumn = mul(b, at.pop_back_val(), constant(b, blockColumns));
    firstRow = mul(b, at.pop_back_val(), constant(b, blockRows));
    Place place = Place(views, extents.size()).step(b, views, outer, at);
    finishByRows(thread, place, sums(thread, place));
  });
}

/// One tile of both sides, from `k` on along the depth, `at` bytes into shared memory.
void ProductKernel::stage(Cores& cores, const Place& place, Value k, Value at) {
  Value one = constant(b, 1), deep = extents[depth];
  auto strides = [&](size_t operand, ArrayRef<int64_t> dims) {
    Values all;
    for (int64_t dim : dims) all.push_back(views[operand].stride[dim]);
    return all;
  };
  auto at_ = [&](size_t operand) {
    View view = views[operand];
    view.offset = place.position[operand];
    return view;
  };
  View x = at_(0), y = at_(1);
  auto rowLine = [&](Value row) {
    return along(place, rows, smaller(b, add(b, firstRow, row), sub(b, rowCount, one))).position[0];
  };
  cores.stage(left, {x, rowLine, strides(0, rows), k, deep}, at);
  auto columnLine = [&](Value column) {
    return along(place, columns, smaller(b, add(b, firstColumn, column), sub(b, columnCount, one))).position[1];
  };
  auto depthLine = [&](Value row) { return place.step(b, views, depth, add(b, k, row)).position[1]; };
  if (upright)
    cores.stage(right, {y, depthLine, strides(1, depth), firstColumn, columnCount, sub(b, deep, k)}, at);
  else
    cores.stage(right, {y, columnLine, strides(1, columns), k, deep}, at);
}

/// The sums of a warp: for each 16 rows and each 8 columns, four numbers.
Values ProductKernel::sums(const Thread& thread, const Place& place) {
  Cores cores(b, thread, warps * warpSize, views[0].element);
  Value warp = thread.warp(b), zero = constant(b, 0), deep = extents[depth], by = constant(b, blockDepth);
  constexpr int64_t across = blockColumns / warpColumns;
  Value warpRow = quotient(b, warp, constant(b, across));
  Value row = mul(b, warpRow, constant(b, warpRows));
  Value column = mul(b, sub(b, warp, mul(b, warpRow, constant(b, across))), constant(b, warpColumns));
  warpAt = {row, column};
  stage(cores, place, zero, zero);
  Cores::commit(b);
  Value none = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
  auto loop = scf::ForOp::create(b, zero, deep, by, Values(warpRows / 16 * (warpColumns / 8) * 4, none));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value k = loop.getInductionVar(), next = add(b, k, by);
    Value odd = arith::AndIOp::create(b, quotient(b, k, by), constant(b, 1));
    Value here = mul(b, odd, constant(b, turn)), other = sub(b, constant(b, turn), here);
    when(b, below(b, next, deep), [&] { stage(cores, place, next, other); });
    Cores::commit(b);
    Cores::wait(b, 1);
    syncBlock(b);
    Values so = llvm::to_vector(ValueRange(loop.getRegionIterArgs()));
    for (int64_t step = 0; step < blockDepth; step += Cores::step) {
      Value along = constant(b, step);
      SmallVector<Values> a;
      for (int64_t m = 0; m < warpRows; m += 16)
        a.push_back(cores.left(left, add(b, row, constant(b, m)), along, here));
      for (int64_t n = 0; n < warpColumns; n += 16) {
        Values both = cores.right(right, add(b, column, constant(b, n)), along, upright, here);
        for (int64_t t = 0; t < 2; ++t)
          for (auto [m, x] : llvm::enumerate(a)) {
            size_t first = (m * (warpColumns / 8) + n / 8 + t) * 4;
            Values sum = cores.multiply(x, ValueRange(both).slice(2 * t, 2), ValueRange(so).slice(first, 4));
            llvm::copy(sum, so.begin() + first);
          }
      }
    }
    syncBlock(b);  // the next turn writes where this one read
    scf::YieldOp::create(b, so);
  }
  Cores::wait(b, 0);  // a depth of 0 has a tile under way
  syncBlock(b);
  return llvm::to_vector(ValueRange(loop.getResults()));
}

/// The sums through shared memory, so that each warp finishes whole rows: neighbouring lanes write neighbours.
void ProductKernel::finishByRows(const Thread& thread, const Place& place, const Values& sums) {
  auto floats = MemRefType::get({ShapedType::kDynamic}, b.getF32Type(), AffineMap(), b.getI64IntegerAttr(3));
  Value memory =
      memref::ViewOp::create(b, floats, thread.shared, constant(b, 0), ValueRange{constant(b, blockRows * sumsPitch)});
  Value lane = thread.lane(b), group = quotient(b, lane, constant(b, 4));
  Value pair = mul(b, sub(b, lane, mul(b, group, constant(b, 4))), constant(b, 2));
  for (int64_t m = 0; m < warpRows / 16; ++m)
    for (int64_t n = 0; n < warpColumns / 8; ++n)
      for (int64_t i = 0; i < 4; ++i) {
        Value row = add(b, add(b, warpAt.first, group), constant(b, 16 * m + 8 * (i / 2)));
        Value column = add(b, add(b, warpAt.second, pair), constant(b, 8 * n + i % 2));
        Value at = add(b, mul(b, row, constant(b, sumsPitch)), column);
        memref::StoreOp::create(b, sums[(m * (warpColumns / 8) + n) * 4 + i], memory, at);
      }
  syncBlock(b);
  auto loop = [&](Value from, Value to, int64_t step, llvm::function_ref<void(Value)> body) {
    auto loop = scf::ForOp::create(b, from, to, constant(b, step));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar());
  };
  Value lastRow = smaller(b, sub(b, rowCount, firstRow), constant(b, blockRows));
  Value lastColumn = smaller(b, sub(b, columnCount, firstColumn), constant(b, blockColumns));
  loop(thread.warp(b), lastRow, warps, [&](Value row) {
    Place line = along(place, rows, add(b, firstRow, row));
    loop(lane, lastColumn, warpSize, [&](Value column) {
      Place here = along(line, columns, add(b, firstColumn, column));
      Value sum = memref::LoadOp::create(b, memory, add(b, mul(b, row, constant(b, sumsPitch)), column)).getResult();
      store(b, views[out], finished(here, sum, capturesAt(here)), here.position[out]);
    });
  });
}

}  // namespace heed::codegen::gpu
