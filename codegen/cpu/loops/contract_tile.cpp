// The register tile: sums of a few rows and vectors of columns over a slice of the depth; after the last slice the
// epilogue.
#include "heed/codegen/cpu/loops/contract.h"
#include "heed/codegen/cpu/loops/control.h"
#include "heed/codegen/cpu/loops/coordinates.h"
#include "heed/codegen/cpu/region.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace heed::codegen {

using namespace mlir;

/// The line from element `position` on: a base register of its own, so that the loop adds no addresses.
static Value startingAt(ImplicitLocOpBuilder& b, Value line, Value position) {
  auto layout = StridedLayoutAttr::get(b.getContext(), ShapedType::kDynamic, {1});
  auto type = MemRefType::get({ShapedType::kDynamic}, cast<MemRefType>(line.getType()).getElementType(), layout);
  OpFoldResult one = b.getIndexAttr(1), size = constant(b, 1);
  return memref::ReinterpretCastOp::create(b, type, line, OpFoldResult(position), ArrayRef{size}, ArrayRef{one});
}

/// Tiles of `tile.rows`, then single rows. A panel that is not whole is taken vector by vector, with a mask.
void ContractKernel::overRows(Builder& b, const Panel& panel, bool whole) {
  auto down = [&](Value column, int vectors, Value count) {
    Value first = panel.from;
    if (!rows.empty()) {
      first = add(b, first, multiple(b, sub(b, panel.to, first), tile.rows));
      loop(b, panel.from, first, tile.rows,
           [&](Value row) { emitTile(b, panel, row, tile.rows, column, vectors, count); });
    }
    loop(b, first, panel.to, 1, [&](Value row) { emitTile(b, panel, row, 1, column, vectors, count); });
  };
  if (whole) return down(constant(b, 0), tile.vectors, {});
  overVectors(b, panel, [&](Value column, Value count) { down(column, 1, count); });
}

/// Where the sum of a row waits for the next slice.
Value ContractKernel::partial(Builder& b, const Panel& panel, Value row, Value column) const {
  Value line = add(b, sliceLines, sub(b, row, panel.from));
  return add(b, mul(b, line, constant(b, width())), column);
}

void ContractKernel::emitTile(Builder& b, const Panel& panel, Value row, int height, Value column, int vectors,
                              Value count) {
  SmallVector<Row> tileRows = rowsAt(b, panel, row, height);
  auto type = VectorType::get({target.lanes}, b.getF32Type());
  auto eachVector = [&](auto body) {
    for (int n = 0; n < height; ++n)
      for (int v = 0; v < vectors; ++v) body(n, add(b, column, constant(b, v * target.lanes)));
  };
  auto waiting = [&](int n, Value column) { return partial(b, panel, add(b, row, constant(b, n)), column); };

  auto begin = scf::IfOp::create(b, SmallVector<Type>(height * vectors, type), panel.first, /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(begin.thenBlock());
    Value zero = arith::ConstantOp::create(b, b.getZeroAttr(type));
    scf::YieldOp::create(b, Values(height * vectors, zero));
    b.setInsertionPointToStart(begin.elseBlock());
    Values before;
    eachVector(
        [&](int n, Value at) { before.push_back(vector::LoadOp::create(b, type, panel.scratch, waiting(n, at))); });
    scf::YieldOp::create(b, before);
  }
  if (height > 1) prefetchBelow(b, panel, tileRows);
  Values results = sums(b, panel, tileRows, column, llvm::to_vector(ValueRange(begin.getResults())));

  auto end = scf::IfOp::create(b, panel.last, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(end.thenBlock());
  auto result = results.begin();
  eachVector([&](int n, Value at) { finish(b, panel, tileRows[n], *result++, at, count); });
  b.setInsertionPointToStart(end.elseBlock());
  result = results.begin();
  eachVector([&](int n, Value at) { vector::StoreOp::create(b, *result++, panel.scratch, waiting(n, at)); });
}

SmallVector<ContractKernel::Row> ContractKernel::rowsAt(Builder& b, const Panel& panel, Value first, int count) const {
  SmallVector<Row> result;
  Values sizes;
  for (int64_t dim : rows) sizes.push_back(extents[dim]);
  for (Values index = coordinatesAt(b, first, sizes); count-- > 0; index = coordinatesAfter(b, index, sizes)) {
    Row row{index, panel.left, panel.out, panel.captures};
    for (auto [dim, at] : llvm::zip(rows, index)) {
      row.left = advance(b, left, row.left, dim, at);
      row.out = advance(b, out, row.out, dim, at);
      for (auto [position, view] : llvm::zip(row.captures, captures)) position = advance(b, view, position, dim, at);
    }
    result.push_back(row);
  }
  return result;
}

/// The rows below come from far away, in runs too short for the hardware to see ahead.
void ContractKernel::prefetchBelow(Builder& b, const Panel& panel, ArrayRef<Row> tileRows) const {
  if (depth.empty() || left.unit != depth.back()) return;
  constexpr int64_t lineElements = 16;
  Values below;
  for (const Row& row : tileRows) {
    Value at = advance(b, left, row.left, rows.back(), constant(b, tile.rows));
    below.push_back(startingAt(b, left.base, at));
  }
  loop(b, constant(b, 0), panel.lines, lineElements, [&](Value k) {
    for (Value row : below)
      memref::PrefetchOp::create(b, row, k, /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
  });
}

/// sums + left * panel over the lines of the slice, first to last.
ContractKernel::Values ContractKernel::sums(Builder& b, const Panel& panel, ArrayRef<Row> rows, Value column,
                                            Values sums) const {
  int vectors = sums.size() / rows.size();
  auto type = VectorType::get({target.lanes}, b.getF32Type());
  Value lines = startingAt(b, panel.scratch, column);
  SmallVector<View> lineOf(rows.size(), left);
  for (auto [view, row] : llvm::zip(lineOf, rows)) view.base = startingAt(b, left.base, row.left);
  auto step = [&](Value k, Values sums) {
    Value at = mul(b, k, constant(b, width()));
    Values across;
    for (int v = 0; v < vectors; ++v)
      across.push_back(vector::LoadOp::create(b, type, lines, add(b, at, constant(b, v * target.lanes))));
    Value zero = constant(b, 0);
    for (auto [n, view] : llvm::enumerate(lineOf)) {
      Value element = load(b, view, depth.empty() ? zero : advance(b, view, zero, depth.back(), k));
      Value down = vector::BroadcastOp::create(b, type, toF32(b, element));
      for (int v = 0; v < vectors; ++v) {
        Value& sum = sums[n * vectors + v];
        sum = target.fma ? vector::FMAOp::create(b, down, across[v], sum).getResult()
                         : arith::AddFOp::create(b, arith::MulFOp::create(b, down, across[v]), sum).getResult();
      }
    }
    return sums;
  };
  return loop(b, constant(b, 0), panel.lines, sums, step);
}

void ContractKernel::finish(Builder& b, const Panel& panel, const Row& row, Value sum, Value column, Value count) {
  Value mask = count ? maskOf(b, target.lanes, count) : Value();
  if (!op.getEpilogue().empty()) {
    Values arguments{sum};
    for (auto [position, view] : llvm::zip(row.captures, captures)) {
      Value at = advance(b, view, position, lane, column);
      if (!view.has(lane))
        arguments.push_back(load(b, view, at));
      else if (view.unit == lane)
        arguments.push_back(loadLanes(b, view, at, target.lanes, mask));
      else
        arguments.push_back(gatherLanes(b, view, at, lane, target.lanes, count));
    }
    RegionCloner cloner(b, b.getLoc(), target.lanes, target.fma, [&](int64_t dim) -> LaneIndex {
      if (dim == lane) return {add(b, panel.index[dim], column), true};
      auto found = llvm::find(rows, dim);
      return {found == rows.end() ? panel.index[dim] : row.index[found - rows.begin()], false};
    });
    Values results = cloner.clone(op.getEpilogue(), arguments);
    if (results.empty()) {
      failed = true;
      return;
    }
    sum = cloner.broadcast(results.front());
  }
  storeLanes(b, out, sum, advance(b, out, row.out, lane, column), mask);
}

}  // namespace heed::codegen
