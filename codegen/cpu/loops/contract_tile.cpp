// The register tile: sums of a few rows and vectors of columns over a slice of the depth; after the last slice the
// epilogue, from the first-level cache, where one small loop serves every tile.
#include "heed/codegen/cpu/loops/contract.h"
#include "heed/codegen/cpu/loops/control.h"
#include "heed/codegen/cpu/loops/coordinates.h"
#include "heed/codegen/cpu/region.h"
#include "heed/codegen/cpu/x86.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace heed::codegen {

using namespace mlir;

static constexpr int64_t wordsAhead = 768, lineWords = 16;  // of the panel; of a line of the cache

/// The scratch from element `position` on: a base register of its own, so that the loop adds no addresses.
static Value startingAt(ImplicitLocOpBuilder& b, Value scratch, Value position) {
  auto layout = StridedLayoutAttr::get(b.getContext(), ShapedType::kDynamic, {1});
  auto type = MemRefType::get({ShapedType::kDynamic}, cast<MemRefType>(scratch.getType()).getElementType(), layout);
  OpFoldResult one = b.getIndexAttr(1), size = constant(b, 1);
  return memref::ReinterpretCastOp::create(b, type, scratch, OpFoldResult(position), ArrayRef{size}, ArrayRef{one});
}

void ContractKernel::overParts(Builder& b, const Block& block, const Slice& slice, const Panel& panel) {
  Value zero = constant(b, 0), yes = arith::ConstantOp::create(b, b.getBoolAttr(true));
  if (tile.part == tile.depth) return overRows(b, block, slice, panel, {zero, slice.lines, yes, yes});
  Value end = larger(b, slice.lines, constant(b, 1));  // without lines, too, there is a result
  loop(b, zero, end, tile.part, [&](Value from) {
    Value to = add(b, from, constant(b, tile.part));
    auto is = [&](arith::CmpIPredicate how, Value x, Value y) { return arith::CmpIOp::create(b, how, x, y); };
    overRows(b, block, slice, panel,
             {from, smaller(b, to, slice.lines), is(arith::CmpIPredicate::eq, from, zero),
              is(arith::CmpIPredicate::sle, slice.lines, to)});
  });
}

void ContractKernel::overRows(Builder& b, const Block& block, const Slice& slice, const Panel& panel,
                              const Part& part) {
  auto tiles = [&](Value from, Value to, int height) {
    loop(b, from, to, height, [&](Value row) { emitTile(b, block, slice, panel, part, row, height); });
  };
  if (panel.rounded) return tiles(block.from, block.to, panel.rounded);
  // What few rows at a time would fill, too, is one more tile.
  Value height = add(b, sub(b, block.to, block.from), constant(b, tile.few - 1));
  Value few = add(b, block.from, multiple(b, height, tile.rows));
  tiles(block.from, few, tile.rows);
  tiles(few, block.to, tile.few);
}

/// Sums begin in zeros or where the slice before left them, and end there or in the finished tile; whole tiles without
/// an epilogue go to the result at once.
void ContractKernel::emitTile(Builder& b, const Block& block, const Slice& slice, const Panel& panel, const Part& part,
                              Value row, int height) {
  Value number = sub(b, row, block.from), line = add(b, mul(b, panel.number, rowsPerBlock), number);
  Value waiting = add(b, waitingAt(b), mul(b, line, constant(b, width())));
  auto from = [&](Value position) { return startingAt(b, block.scratch, position); };
  Value beforeAt = arith::SelectOp::create(b, slice.first, constant(b, zerosAt()), waiting);
  Value afterAt = arith::SelectOp::create(b, slice.last, constant(b, 0), waiting);
  Value packedRowsAt = add(b, constant(b, rowsAt()), mul(b, number, constant(b, pitch)));
  Value count = smaller(b, sub(b, block.to, row), constant(b, height));
  auto finishLast = [&] {
    OpBuilder::InsertionGuard guard(b);
    Value done = arith::AndIOp::create(b, slice.last, part.last);
    auto last = scf::IfOp::create(b, done, /*withElseRegion=*/false);
    b.setInsertionPointToStart(last.thenBlock());
    finish(b, block, panel, row, count);
  };
  if (byMatrices()) {
    Value partial = add(b, partialAt(b), mul(b, number, constant(b, width())));
    beforeAt = arith::SelectOp::create(b, part.first, beforeAt, partial);
    afterAt = arith::SelectOp::create(b, part.last, afterAt, partial);
    sumMatrices(b, block, panel, part, number, packedRowsAt, beforeAt, afterAt, height);
    return finishLast();
  }
  Value before = from(beforeAt), after = from(afterAt), packedRows = from(packedRowsAt);

  Place place = move(b, panel.place, rows, coordinatesAt(b, row, sizes(rows)));
  Value down = rows.empty() ? constant(b, 0) : out.stride[rows.back()];
  Value result = startingAt(b, out.base, place.out);
  Value toResult = arith::SelectOp::create(b, slice.last, down, constant(b, 0));
  Value lines = startingAt(b, panel.memory, panel.position);
  auto ask = [&](Value base, Value at, bool write, unsigned cache) {
    memref::PrefetchOp::create(b, base, at, write, cache, /*isDataCache=*/true);
  };
  for (int n = 0; n < height; ++n)
    for (int64_t column = 0; column < width(); column += lineWords)
      ask(result, add(b, mul(b, constant(b, n), toResult), constant(b, column)), true, 3);
  // A panel is larger than the first-level cache: every turn asks for lines that it soon needs. That of a weight comes
  // from afar: each of several tiles asks for its share of the next panel, some words a turn.
  Value span = sub(b, block.to, block.from), tall = constant(b, tile.rows), few = constant(b, tile.few);
  Value isTall = arith::CmpIOp::create(b, arith::CmpIPredicate::sge, span, tall), words = constant(b, width());
  Value each = arith::SelectOp::create(b, isTall, tall, few), tiles = ceiling(b, span, each);
  Value share = smaller(b, constant(b, lineWords), ceiling(b, words, tiles));
  Value sent = mul(b, quotient(b, number, each), share);
  Value single = arith::CmpIOp::create(b, arith::CmpIPredicate::sle, span, few);
  Value sends = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, sent,
                                      arith::SelectOp::create(b, single, constant(b, 0), words));
  Value next = arith::SelectOp::create(b, sends, mul(b, slice.lines, add(b, words, sent)), constant(b, 0));
  Value step = arith::SelectOp::create(b, sends, share, constant(b, 0));
  auto meanwhile = [&](Value at, Value further) {
    for (int64_t column = 0; column < width(); column += lineWords)
      ask(lines, add(b, at, constant(b, wordsAhead + column)), false, 3);
    if (packed && !bits) ask(lines, further, false, 2);
  };

  auto type = VectorType::get({target.lanes}, b.getF32Type());
  Values tileSums;
  for (int n = 0; n < height * tile.vectors; ++n)
    tileSums.push_back(vector::LoadOp::create(b, type, before, constant(b, n * target.lanes)));
  tileSums = panel.rounded ? sumsOfRounded(b, packedRows, panel, slice.lines, tileSums)
                           : sums(b, packedRows, lines, slice.lines, tileSums, {next, step, meanwhile});

  OpBuilder::InsertionGuard guard(b);
  if (op.getEpilogue().empty()) {
    auto within = [&](Value x, Value limit) { return arith::CmpIOp::create(b, arith::CmpIPredicate::sle, x, limit); };
    Value direct = arith::AndIOp::create(b, slice.last, within(constant(b, width()), panel.columns));
    direct = arith::AndIOp::create(b, direct, within(constant(b, height), count));
    if (rows.size() > 1) {
      Value end = add(b, place.index[rows.back()], constant(b, height));
      direct = arith::AndIOp::create(b, direct, within(end, extents[rows.back()]));
    }
    auto choice = scf::IfOp::create(b, direct, /*withElseRegion=*/true);
    b.setInsertionPointToStart(choice.thenBlock());
    for (auto [n, sum] : llvm::enumerate(tileSums)) {
      Value at = add(b, place.out, mul(b, constant(b, n / tile.vectors), down));
      storeRounded(b, sum, add(b, at, constant(b, n % tile.vectors * target.lanes)), {});
    }
    b.setInsertionPointToStart(choice.elseBlock());
  }
  for (auto [n, sum] : llvm::enumerate(tileSums)) vector::StoreOp::create(b, sum, after, constant(b, n * target.lanes));
  finishLast();
}

Value ContractKernel::multiplyAdd(Builder& b, Value x, Value y, Value sum) const {
  if (pairs) return dotPairs512(b, b.getLoc(), sum, x, y);
  if (target.fma) return vector::FMAOp::create(b, x, y, sum);
  return arith::AddFOp::create(b, arith::MulFOp::create(b, x, y), sum);
}

/// sums + rows * panel over the lines of the slice, first to last. Positions are added up from turn to turn: on Intel
/// cores what shifts or multiplies them takes the place of products.
ContractKernel::Values ContractKernel::sums(Builder& b, Value rows, Value panel, Value lines, Values sums,
                                            const Asking& asking) const {
  auto type = VectorType::get({target.lanes}, b.getF32Type());
  const size_t count = sums.size();
  sums.append({constant(b, 0), asking.from});
  sums = loop(b, constant(b, 0), lines, sums, [&](Value k, Values so) {
    Value at = so[count], further = so[count + 1];
    Values across;
    for (int v = 0; v < tile.vectors; ++v)
      across.push_back(vector::LoadOp::create(b, type, panel, add(b, at, constant(b, v * target.lanes))));
    asking.ask(at, further);
    so.truncate(count);
    so = addLine(b, rows, k, across, so);
    so.append({add(b, at, constant(b, width())), add(b, further, asking.step)});
    return so;
  });
  sums.truncate(count);
  return sums;
}

ContractKernel::Values ContractKernel::addLine(Builder& b, Value rows, Value k, ValueRange across, Values sums) const {
  for (int n = 0; n < int(sums.size()) / tile.vectors; ++n) {
    Value element = memref::LoadOp::create(b, rows, add(b, k, constant(b, n * pitch)));
    Value down = vector::BroadcastOp::create(b, VectorType::get({target.lanes}, b.getF32Type()), element);
    for (int v = 0; v < tile.vectors; ++v) {
      Value& sum = sums[n * tile.vectors + v];
      sum = multiplyAdd(b, down, across[v], sum);
    }
  }
  return sums;
}

/// Finished sums of rows [row, row + count) to the result.
void ContractKernel::finish(Builder& b, const Block& block, const Panel& panel, Value row, Value count) {
  auto type = VectorType::get({target.lanes}, b.getF32Type());
  auto each = [&](bool whole, bool streamed = false) {
    SmallVector<Lanes> vectors;
    for (int64_t column = 0; column < width(); column += target.lanes) {
      vectors.push_back(whole ? Lanes{constant(b, column)} : lanesAt(b, constant(b, column), panel.columns));
      vectors.back().streamed = streamed;
    }
    loop(b, constant(b, 0), count, coordinatesAt(b, row, sizes(rows)), [&](Value n, Values index) {
      Place place = move(b, panel.place, rows, index);
      for (auto [v, lanes] : llvm::enumerate(vectors)) {
        Value at = add(b, mul(b, n, constant(b, width())), constant(b, v * target.lanes));
        finishVector(b, place, vector::LoadOp::create(b, type, block.scratch, at), lanes);
      }
      return coordinatesAfter(b, index, sizes(rows));
    });
  };
  const bool streamed = byMatrices() && last;
  if (target.avx512 && !streamed) return each(false);  // a mask costs nothing
  Value whole = arith::CmpIOp::create(b, arith::CmpIPredicate::sge, panel.columns, constant(b, width()));
  if (streamed) whole = arith::AndIOp::create(b, whole, goesPast(b, panel));
  auto choice = scf::IfOp::create(b, whole, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.thenBlock());
  each(true, streamed);
  b.setInsertionPointToStart(choice.elseBlock());
  each(false);
}

/// Where there is none, captures are read at the first column.
ContractKernel::Lanes ContractKernel::lanesAt(Builder& b, Value column, Value columns) const {
  Value zero = constant(b, 0), count = sub(b, columns, column);
  Value none = arith::CmpIOp::create(b, arith::CmpIPredicate::sle, count, zero);
  return {arith::SelectOp::create(b, none, zero, column), larger(b, count, constant(b, 1)),
          maskOf(b, target.lanes, count)};
}

void ContractKernel::finishVector(Builder& b, const Place& place, Value sum, const Lanes& lanes) {
  auto& [column, count, mask, streamed] = lanes;
  if (!op.getEpilogue().empty()) {
    Values arguments{sum};
    for (auto [position, view] : llvm::zip(place.captures, captures)) {
      Value at = advance(b, view, position, lane, column);
      if (!view.has(lane))
        arguments.push_back(load(b, view, at));
      else if (view.unit == lane)
        arguments.push_back(loadLanes(b, view, at, target.lanes, mask));
      else
        arguments.push_back(gatherLanes(b, view, at, lane, target.lanes, count));
    }
    RegionCloner cloner(b, b.getLoc(), target.lanes, target.fma, [&](int64_t dim) -> LaneIndex {
      if (dim == lane) return {add(b, place.index[dim], column), true};
      return {place.index[dim], false};
    });
    Values results = cloner.clone(op.getEpilogue(), arguments);
    if (results.empty()) {
      failed = true;
      return;
    }
    sum = cloner.broadcast(results.front());
  }
  storeRounded(b, sum, advance(b, out, place.out, lane, column), lanes);
}

void ContractKernel::storeRounded(Builder& b, Value sums, Value position, const Lanes& lanes) const {
  bool stored = getElementTypeOrSelf(sums.getType()) == out.element;  // an epilogue has rounded them
  if (!stored && out.element.isBF16() && target.bf16)
    sums = toBf16(b, b.getLoc(), sums);
  else if (!stored)
    sums = arith::TruncFOp::create(b, VectorType::get({target.lanes}, out.element), sums);
  lanes.streamed ? storePast(b, b.getLoc(), sums, out.base, position) : storeLanes(b, out, sums, position, lanes.mask);
}

}  // namespace heed::codegen
