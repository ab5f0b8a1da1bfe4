// The register tile: sums of a few rows and vectors of columns over the whole depth, then the epilogue on each.
#include "heed/codegen/cpu/loops/contract.h"
#include "heed/codegen/cpu/loops/control.h"
#include "heed/codegen/cpu/loops/coordinates.h"
#include "heed/codegen/cpu/region.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace heed::cpu {

using namespace mlir;

/// The line from element `position` on: a base register of its own, so that the loop adds no addresses.
static Value startingAt(ImplicitLocOpBuilder& b, Value line, Value position) {
  auto layout = StridedLayoutAttr::get(b.getContext(), ShapedType::kDynamic, {1});
  auto type = MemRefType::get({ShapedType::kDynamic}, cast<MemRefType>(line.getType()).getElementType(), layout);
  OpFoldResult one = b.getIndexAttr(1), size = constant(b, 1);
  return memref::ReinterpretCastOp::create(b, type, line, OpFoldResult(position), ArrayRef{size}, ArrayRef{one});
}

/// Tiles of `tile.rows`, then single rows. A panel that is not whole is taken vector by vector, with a mask.
void ContractKernel::overRows(Builder& b, const Panel& panel, Value from, Value to, bool whole) {
  auto down = [&](Value column, int vectors, Value count) {
    Value first = from;
    if (!rows.empty()) {
      first = add(b, from, multiple(b, sub(b, to, from), tile.rows));
      loop(b, from, first, tile.rows, [&](Value row) { emitTile(b, panel, row, tile.rows, column, vectors, count); });
    }
    loop(b, first, to, 1, [&](Value row) { emitTile(b, panel, row, 1, column, vectors, count); });
  };
  if (whole) return down(constant(b, 0), tile.vectors, {});
  overVectors(b, panel, [&](Value column, Value count) { down(column, 1, count); });
}

void ContractKernel::emitTile(Builder& b, const Panel& panel, Value row, int height, Value column, int vectors,
                              Value count) {
  SmallVector<Row> tileRows = rowsAt(b, panel, row, height);
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(VectorType::get({target.lanes}, b.getF32Type())));
  Values starts;
  for (const Row& row : tileRows) starts.push_back(row.left);
  Values results = sums(b, panel, 0, starts, constant(b, 0), column, Values(height * vectors, zero));
  for (auto [n, row] : llvm::enumerate(tileRows))
    for (int v = 0; v < vectors; ++v)
      finish(b, panel, row, results[n * vectors + v], add(b, column, constant(b, v * target.lanes)), count);
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

/// sums + left * panel over the depth dims from `level` on, first to last.
ContractKernel::Values ContractKernel::sums(Builder& b, const Panel& panel, size_t level, Values starts, Value line,
                                            Value column, Values sums) const {
  if (level + 1 < depth.size())
    return loop(b, constant(b, 0), extents[depth[level]], sums, [&](Value k, Values sums) {
      Values next;
      for (Value start : starts) next.push_back(advance(b, left, start, depth[level], k));
      return this->sums(b, panel, level + 1, next, mul(b, add(b, line, k), extents[depth[level + 1]]), column, sums);
    });
  int64_t width = tile.vectors * target.lanes;
  int vectors = sums.size() / starts.size();
  auto type = VectorType::get({target.lanes}, b.getF32Type());
  Value lines = startingAt(b, panel.scratch, add(b, mul(b, line, constant(b, width)), column));
  SmallVector<View> lineOf(starts.size(), left);
  for (auto [view, start] : llvm::zip(lineOf, starts)) view.base = startingAt(b, left.base, start);
  auto step = [&](Value k, Values sums) {
    Value at = mul(b, k, constant(b, width));
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
  return loop(b, constant(b, 0), depth.empty() ? constant(b, 1) : extents[depth.back()], sums, step);
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

}  // namespace heed::cpu
