// Few rows: the keys are split, so that all threads have work; what each part comes to is merged in the order of keys.
//
// A part has a constant number of keys, and parts are merged with one thread too: a row is the same sum of the same
// numbers whoever computed it. Parts lie in memory that the tasks share: m and l of the rows, then O.
#include "heed/codegen/cpu/attention/kernel.h"

using namespace mlir;

namespace heed::codegen {

static constexpr int64_t keysOfPart = 1024;

/// At least one, so that rows without a key are written.
Value AttentionKernel::partsOfKeys() {
  return c.largest(c.index(1), c.div(c.add(extent[keyDim], keysOfPart - 1), keysOfPart));
}

/// Where part `number` begins.
Value AttentionKernel::partAt(Value number) { return c.mul(number, c.add(c.mul(outRow, rows), 2 * int64_t(rows))); }

/// One part of the keys of one block of rows.
void AttentionKernel::workOnPart(Value number) {
  views();
  Value parts = partsOfKeys();
  goTo(arith::DivUIOp::create(c.b, c.loc, number, parts));
  Value part = partAt(number), n = arith::RemUIOp::create(c.b, c.loc, number, parts);
  keyFrom = c.mul(n, keysOfPart);
  keyTo = c.least(extent[keyDim], c.add(keyFrom, keysOfPart));
  outSlot = c.add(part, 2 * int64_t(rows));
  fillRowOperands();
  Value end = c.add(outSlot, c.mul(outRow, c.roundUp(rowCount, fewTile.rows)));
  c.loop(outSlot, end, c.lanes, [&](Value at) { c.storeLanes(c.splat(0), shared, at); });
  setLanes(c.splat(-std::numeric_limits<float>::infinity()), maxSlot, 0);
  setLanes(c.splat(0), sumSlot, 0);
  if (!initial.empty())
    c.when(arith::CmpIOp::create(c.b, c.loc, arith::CmpIPredicate::eq, n, c.index(0)), [&] {
      fill(initial[0], {}, maxSlot, Words::numbers);
      fill(initial[1], {}, sumSlot, Words::numbers);
      fillRows(initial[2], valueAxes, piecesAlong(value.back(), valueView.element), shared, outSlot, outRow);
    });
  blocks();
  c.storeLanes(laneVector(maxSlot, 0), shared, part);
  c.storeLanes(laneVector(sumSlot, 0), shared, c.add(part, rows));
}

/// All parts of one block of rows into the first, and the results from there:
/// m = max m_n, l = sum of l_n 2^(m_n - m), O = sum of O_n 2^(m_n - m).
void AttentionKernel::merge(Value number) {
  views();
  Value parts = partsOfKeys(), begin = c.mul(number, parts);
  goTo(number);
  Value one = c.index(1), first = partAt(begin), head = c.index(2 * int64_t(rows));
  Value most = c.loop(one, parts, one, {c.loadLanes(shared, first)}, [&](Value n, Values so) -> Values {
    return {c.larger(c.loadLanes(shared, partAt(c.add(begin, n))), so[0])};
  })[0];
  Shift shifted = shift(most);
  auto weigh = [&](Value part) {  // its factors in alphaSlot, and its l
    Value factor = rescaled(c.loadLanes(shared, part), shifted);
    setLanes(factor, alphaSlot, 0);
    return arith::MulFOp::create(c.b, c.loc, c.loadLanes(shared, c.add(part, rows)), factor).getResult();
  };
  Value sum = weigh(first);
  outSlot = c.add(first, head);
  scaleOut(outSlot);
  sum = c.loop(one, parts, one, {sum}, [&](Value n, Values so) -> Values {
    Value part = partAt(c.add(begin, n)), own = weigh(part), from = c.add(part, head);
    scaleOut(from);
    c.loop(c.index(0), c.mul(outRow, rowCount), c.lanes, [&](Value at) {
      Value to = c.add(outSlot, at);
      Value added = arith::AddFOp::create(c.b, c.loc, c.loadLanes(shared, to), c.loadLanes(shared, c.add(from, at)));
      c.storeLanes(added, shared, to);
    });
    return {arith::AddFOp::create(c.b, c.loc, so[0], own)};
  })[0];
  setLanes(most, maxSlot, 0);
  setLanes(sum, sumSlot, 0);
  drainRows(outSlot);
  drainLse();
}

void AttentionKernel::emitFewRows() {
  views();
  Value bytes = layOut(), parts = partsOfKeys(), blocks = blocksOfRows();
  Value tasks = c.mul(blocks, parts);
  Value memory = c.mul(partAt(tasks), sizeof(float));
  shared = tile::SharedOp::create(c.b, c.loc, MemRefType::get({ShapedType::kDynamic}, c.b.getF32Type()), memory);
  parallel(tasks, bytes, [&](Value number) { workOnPart(number); });
  parallel(blocks, bytes, [&](Value number) { merge(number); });
}

}  // namespace heed::codegen
