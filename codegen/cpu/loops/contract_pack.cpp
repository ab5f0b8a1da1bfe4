// Packing, in words, to the worker's scratch: a slice of the panel as lines of columns, a slice of the rows as lines of
// the depth. Either is a copy where the operand's memory runs the same way, and else a transpose.
//
// What lies beyond the last column or row is finite or not, and never stored.
#include "heed/codegen/cpu/loops/contract.h"
#include "heed/codegen/cpu/loops/control.h"
#include "heed/codegen/cpu/loops/coordinates.h"
#include "heed/codegen/cpu/transpose.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace heed::codegen {

using namespace mlir;

/// Numbers [from, to) of points of `sizes` as runs along the last dim.
void ContractKernel::overRuns(Builder& b, Value from, Value to, ValueRange sizes,
                              function_ref<void(Values, Value, Value)> body) const {
  Value zero = constant(b, 0);
  if (sizes.size() < 2) return body(sizes.empty() ? Values() : Values{from}, zero, sub(b, to, from));
  Value run = larger(b, sizes.back(), constant(b, 1));
  loop(b, quotient(b, from, run), ceiling(b, to, run), 1, [&](Value n) {
    Value start = mul(b, n, run), first = larger(b, from, start);
    Values index = coordinatesAt(b, n, Values(sizes.drop_back()));
    index.push_back(sub(b, first, start));
    body(index, sub(b, first, from), sub(b, smaller(b, to, add(b, start, run)), first));
  });
}

void ContractKernel::packRows(Builder& b, const Block& block, const Slice& slice) const {
  Value end = filledTo(b, slice);
  int64_t line = depth.empty() ? -1 : depth.back(), row = rows.empty() ? -1 : rows.back();
  overRuns(b, block.from, block.to, sizes(rows), [&](Values index, Value rowsBefore, Value height) {
    Place first = move(b, block.place, rows, index);
    Value at = add(b, constant(b, rowsAt()), mul(b, rowsBefore, constant(b, pitch)));
    overRuns(b, slice.from, end, depthLines(b), [&](Values index, Value linesBefore, Value lines) {
      Place start = alongDepth(b, first, index);
      pack(b, block.scratch,
           {left, start.left, line, row, lines, height, elementsFrom(b, start), add(b, at, linesBefore),
            constant(b, pitch), target.lanes});
    });
  });
  if (lineStep() == 1) return;
  Value some = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, end, add(b, slice.from, slice.lines));
  Value height = arith::SelectOp::create(b, some, sub(b, block.to, block.from), constant(b, 0));
  loop(b, constant(b, 0), height, 1, [&](Value n) {
    Value row = add(b, constant(b, rowsAt()), mul(b, n, constant(b, pitch)));
    loop(b, add(b, row, sub(b, end, slice.from)), add(b, row, slice.lines), target.lanes,
         [&](Value at) { vector::StoreOp::create(b, zeros(b), block.scratch, at); });
  });
}

Value ContractKernel::zeros(Builder& b) const {
  return arith::ConstantOp::create(b, b.getZeroAttr(VectorType::get({target.lanes}, b.getF32Type())));
}

void ContractKernel::packPanel(Builder& b, const Slice& slice, const Panel& panel) const {
  Value end = filledTo(b, slice), line = constant(b, width());
  Value across = smaller(b, panel.columns, line);
  overRuns(b, slice.from, end, depthLines(b), [&](Values index, Value before, Value lines) {
    Place start = alongDepth(b, panel.place, index);
    pack(b, panel.memory,
         {right, start.right, lane, depth.empty() ? -1 : depth.back(), across, lines, elementsFrom(b, start),
          add(b, panel.position, mul(b, before, line)), line, width()});
  });
  if (lineStep() == 1) return;
  auto wordsTo = [&](Value lines) { return add(b, panel.position, mul(b, lines, line)); };
  loop(b, wordsTo(sub(b, end, slice.from)), wordsTo(slice.lines), target.lanes,
       [&](Value at) { vector::StoreOp::create(b, zeros(b), panel.memory, at); });
}

Value ContractKernel::elementsFrom(Builder& b, const Place& place) const {
  return depth.empty() ? constant(b, 1) : sub(b, extents[depth.back()], place.index[depth.back()]);
}

Value ContractKernel::stepsOf(Builder& b, int64_t dim, Value words) const {
  return pairs && dim == depth.back() ? mul(b, words, constant(b, perWord())) : words;
}

Value ContractKernel::words(Builder& b, const View& view, Value position, int64_t dim, Value elements,
                            Value count) const {
  auto lanesAt = [&](Value position) -> Value {
    if (dim >= 0 && view.unit != dim) return gatherLanes(b, view, position, dim, target.lanes, count);
    return loadLanes(b, view, position, target.lanes, count ? maskOf(b, target.lanes, count) : Value());
  };
  if (!pairs) return toF32(b, lanesAt(position));
  if (dim == depth.back()) return asWords(b, pairsAlongDepth(b, view, position, elements, bool(count)));
  Value single = arith::CmpIOp::create(b, arith::CmpIPredicate::sle, elements, constant(b, 1)),
        first = lanesAt(position);
  Value second = lanesAt(
      advance(b, view, position, depth.back(), arith::SelectOp::create(b, single, constant(b, 0), constant(b, 1))));
  Value zeros = arith::ConstantOp::create(b, b.getZeroAttr(first.getType()));
  SmallVector<int64_t> alternately;
  for (int n = 0; n < target.lanes; ++n) alternately.append({n, n + target.lanes});
  return asWords(b,
                 vector::ShuffleOp::create(b, first, arith::SelectOp::create(b, single, zeros, second), alternately));
}

Value ContractKernel::pairsAlongDepth(Builder& b, const View& view, Value position, Value elements, bool tail) const {
  int numbers = 2 * target.lanes;
  Value mask = tail ? maskOf(b, numbers, elements) : Value();
  if (view.unit == depth.back()) return loadLanes(b, view, position, numbers, mask);
  Value lanes = gatherLanes(b, view, position, depth.back(), numbers, tail ? elements : Value());
  if (!tail) return lanes;
  return arith::SelectOp::create(b, mask, lanes, arith::ConstantOp::create(b, b.getZeroAttr(lanes.getType())));
}

/// Line after line: whole widths, then vectors under a mask, which write as many lanes.
void ContractKernel::pack(Builder& b, Value scratch, const Rectangle& part) const {
  const View& view = part.view;
  bool copied = part.fast < 0 || view.unit == part.fast;
  if (!copied && part.slow >= 0 && view.unit == part.slow) return packSquares(b, scratch, part);
  Value zero = constant(b, 0), whole = copied ? multiple(b, wholeWords(b, part, part.fast), width()) : zero;
  Value end = mul(b, ceiling(b, part.fastCount, constant(b, part.unit)), constant(b, part.unit));
  loop(b, zero, part.slowCount, 1, [&](Value line) {
    Start from = along(b, {part.position, part.elements}, part, part.slow, line);
    Value to = add(b, part.to, mul(b, line, part.pitch));
    auto keep = [&](Value lanes, Value at) { vector::StoreOp::create(b, lanes, scratch, add(b, to, at)); };
    if (copied)
      loop(b, zero, whole, width(), [&](Value first) {
        for (int v = 0; v < tile.vectors; ++v) {
          Value at = add(b, first, constant(b, v * target.lanes));
          Start here = along(b, from, part, part.fast, at);
          keep(words(b, view, here.position, part.fast, here.elements), at);
        }
      });
    loop(b, whole, end, target.lanes, [&](Value at) {
      Value last = sub(b, part.fastCount, constant(b, 1)), start = smaller(b, at, last);
      Start here = along(b, from, part, part.fast, start);
      keep(words(b, view, here.position, part.fast, here.elements, sub(b, part.fastCount, start)), at);
    });
  });
}

ContractKernel::Start ContractKernel::along(Builder& b, Start from, const Rectangle& part, int64_t dim,
                                            Value steps) const {
  if (dim < 0) return from;
  steps = stepsOf(b, dim, steps);
  bool deeper = pairs && dim == depth.back();
  return {advance(b, part.view, from.position, dim, steps), deeper ? sub(b, from.elements, steps) : from.elements};
}

/// How many words along `dim`, of those that `part` has, are whole.
Value ContractKernel::wholeWords(Builder& b, const Rectangle& part, int64_t dim) const {
  Value count = dim == part.fast ? part.fastCount : part.slowCount;
  if (!pairs || dim != depth.back()) return count;
  return smaller(b, count, quotient(b, part.elements, constant(b, perWord())));
}

/// The operand runs along the lines' slow dim: squares of lanes x lanes are transposed, what is left is gathered.
void ContractKernel::packSquares(Builder& b, Value scratch, const Rectangle& part) const {
  const View& view = part.view;
  constexpr int64_t ahead = 64;  // elements: enough for a first-level miss, few enough to be useful in a slice
  Value zero = constant(b, 0), squares = multiple(b, wholeWords(b, part, part.slow), target.lanes);
  Value last = sub(b, part.fastCount, constant(b, 1));
  Value end = mul(b, ceiling(b, part.fastCount, constant(b, part.unit)), constant(b, part.unit));
  loop(b, zero, end, target.lanes, [&](Value across) {
    auto placeOf = [&](Value line) { return add(b, add(b, part.to, across), mul(b, line, part.pitch)); };
    auto keep = [&](Value line, Value lanes) { vector::StoreOp::create(b, lanes, scratch, placeOf(line)); };
    loop(b, zero, squares, target.lanes, [&](Value first) {
      auto read = [&](Value column) {
        Start start =
            along(b, {part.position, part.elements}, part, part.fast, smaller(b, add(b, across, column), last));
        Start here = along(b, start, part, part.slow, first);
        memref::PrefetchOp::create(b, view.base, add(b, here.position, constant(b, ahead)), /*isWrite=*/false,
                                   /*localityHint=*/3, /*isDataCache=*/true);
        return words(b, view, here.position, part.slow, here.elements);
      };
      auto load = [&](Value line) -> Value {
        return vector::LoadOp::create(b, VectorType::get({target.lanes}, b.getF32Type()), scratch,
                                      placeOf(add(b, first, line)));
      };
      auto store = [&](Value line, Value lanes) { keep(add(b, first, line), lanes); };
      transpose(b, b.getLoc(), target.lanes, {read, load, store});
    });
    Value start = smaller(b, across, last), count = sub(b, part.fastCount, start);
    Start from = along(b, {part.position, part.elements}, part, part.fast, start);
    loop(b, squares, part.slowCount, 1, [&](Value line) {
      Start here = along(b, from, part, part.slow, line);
      keep(line, words(b, view, here.position, part.fast, here.elements, count));
    });
  });
}

}  // namespace heed::codegen
