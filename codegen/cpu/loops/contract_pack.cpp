// Packing, in f32, to the worker's scratch: a slice of the panel as lines of columns, a slice of the rows as lines of
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
  Value end = add(b, slice.from, slice.lines);
  int64_t line = depth.empty() ? -1 : depth.back(), row = rows.empty() ? -1 : rows.back();
  overRuns(b, block.from, block.to, sizes(rows), [&](Values index, Value rowsBefore, Value height) {
    Place first = move(b, block.place, rows, index);
    Value at = add(b, constant(b, rowsAt()), mul(b, rowsBefore, constant(b, pitch)));
    overRuns(b, slice.from, end, sizes(depth), [&](Values index, Value linesBefore, Value lines) {
      pack(b, block.scratch,
           {left, move(b, first, depth, index).left, line, row, lines, height, add(b, at, linesBefore),
            constant(b, pitch), target.lanes});
    });
  });
}

void ContractKernel::packPanel(Builder& b, const Block& block, const Slice& slice, const Panel& panel) const {
  Value end = add(b, slice.from, slice.lines), line = constant(b, width());
  Value across = smaller(b, panel.columns, line);
  overRuns(b, slice.from, end, sizes(depth), [&](Values index, Value before, Value lines) {
    pack(b, block.scratch,
         {right, move(b, panel.place, depth, index).right, lane, depth.empty() ? -1 : depth.back(), across, lines,
          add(b, constant(b, panelAt()), mul(b, before, line)), line, width()});
  });
}

/// Line after line: whole widths, then vectors under a mask, which write as many lanes.
void ContractKernel::pack(Builder& b, Value scratch, const Rectangle& part) const {
  const View& view = part.view;
  bool copied = part.fast < 0 || view.unit == part.fast;
  if (!copied && part.slow >= 0 && view.unit == part.slow) return packSquares(b, scratch, part);
  auto along = [&](Value position, int64_t dim, Value steps) {
    return dim < 0 ? position : advance(b, view, position, dim, steps);
  };
  Value zero = constant(b, 0), whole = copied ? multiple(b, part.fastCount, width()) : zero;
  Value end = mul(b, ceiling(b, part.fastCount, constant(b, part.unit)), constant(b, part.unit));
  loop(b, zero, part.slowCount, 1, [&](Value line) {
    Value from = along(part.position, part.slow, line), to = add(b, part.to, mul(b, line, part.pitch));
    auto keep = [&](Value lanes, Value at) { vector::StoreOp::create(b, toF32(b, lanes), scratch, add(b, to, at)); };
    if (copied)
      loop(b, zero, whole, width(), [&](Value first) {
        for (int v = 0; v < tile.vectors; ++v) {
          Value at = add(b, first, constant(b, v * target.lanes));
          keep(loadLanes(b, view, add(b, from, at), target.lanes), at);
        }
      });
    loop(b, whole, end, target.lanes, [&](Value at) {
      Value last = sub(b, part.fastCount, constant(b, 1)), start = smaller(b, at, last);
      Value position = along(from, part.fast, start), count = sub(b, part.fastCount, start);
      keep(copied ? loadLanes(b, view, position, target.lanes, maskOf(b, target.lanes, count))
                  : gatherLanes(b, view, position, part.fast, target.lanes, count),
           at);
    });
  });
}

/// The operand runs along the lines' slow dim: squares of lanes x lanes are transposed, what is left is gathered.
void ContractKernel::packSquares(Builder& b, Value scratch, const Rectangle& part) const {
  const View& view = part.view;
  constexpr int64_t ahead = 64;  // elements: enough for a first-level miss, few enough to be useful in a slice
  Value zero = constant(b, 0), squares = multiple(b, part.slowCount, target.lanes);
  Value last = sub(b, part.fastCount, constant(b, 1));
  Value end = mul(b, ceiling(b, part.fastCount, constant(b, part.unit)), constant(b, part.unit));
  loop(b, zero, end, target.lanes, [&](Value across) {
    Values starts;
    for (int n = 0; n < target.lanes; ++n)
      starts.push_back(advance(b, view, part.position, part.fast, smaller(b, add(b, across, constant(b, n)), last)));
    auto keep = [&](Value lanes, Value line) {
      vector::StoreOp::create(b, lanes, scratch, add(b, add(b, part.to, across), mul(b, line, part.pitch)));
    };
    loop(b, zero, squares, target.lanes, [&](Value line) {
      Values square;
      for (Value start : starts) {
        Value at = add(b, start, line);
        memref::PrefetchOp::create(b, view.base, add(b, at, constant(b, ahead)), /*isWrite=*/false, /*localityHint=*/3,
                                   /*isDataCache=*/true);
        square.push_back(toF32(b, loadLanes(b, view, at, target.lanes)));
      }
      for (auto [n, lanes] : llvm::enumerate(transpose(b, b.getLoc(), square)))
        keep(lanes, add(b, line, constant(b, n)));
    });
    Value start = smaller(b, across, last), count = sub(b, part.fastCount, start);
    Value from = advance(b, view, part.position, part.fast, start);
    loop(b, squares, part.slowCount, 1, [&](Value line) {
      Value at = advance(b, view, from, part.slow, line);
      keep(toF32(b, gatherLanes(b, view, at, part.fast, target.lanes, count)), line);
    });
  });
}

}  // namespace heed::codegen
