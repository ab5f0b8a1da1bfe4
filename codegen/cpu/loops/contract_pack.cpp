// A slice of the panel: for each step of the depth a line of neighbouring columns, in f32, in the worker's scratch.
//
// Lanes beyond the last column repeat it or hold 0: their sums are never stored.
#include "heed/codegen/cpu/loops/contract.h"
#include "heed/codegen/cpu/loops/control.h"
#include "heed/codegen/cpu/transpose.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace heed::codegen {

using namespace mlir;

void ContractKernel::keep(Builder& b, const Panel& panel, Value value, Value line, Value column) const {
  Value position = add(b, mul(b, line, constant(b, width())), column);
  vector::StoreOp::create(b, toF32(b, value), panel.scratch, position);
}

/// Each vector of the panel that has a column, with the number of its columns.
void ContractKernel::overVectors(Builder& b, const Panel& panel, function_ref<void(Value, Value)> body) const {
  Value end = smaller(b, panel.columns, constant(b, width()));
  loop(b, constant(b, 0), end, target.lanes,
       [&](Value column) { body(column, smaller(b, sub(b, panel.columns, column), constant(b, target.lanes))); });
}

void ContractKernel::pack(Builder& b, const Panel& panel, bool whole) const {
  bool across = right.unit == lane;
  if (!depth.empty() && right.unit == depth.back()) return packSquares(b, panel);
  loop(b, constant(b, 0), panel.lines, 1, [&](Value line) {
    Value from = depth.empty() ? panel.right : advance(b, right, panel.right, depth.back(), line);
    if (across && whole) {
      for (int n = 0; n < tile.vectors; ++n) {
        Value column = constant(b, n * target.lanes);
        keep(b, panel, loadLanes(b, right, add(b, from, column), target.lanes), line, column);
      }
      return;
    }
    overVectors(b, panel, [&](Value column, Value count) {
      Value at = advance(b, right, from, lane, column);
      Value mask = across ? maskOf(b, target.lanes, count) : Value();
      keep(b, panel,
           across ? loadLanes(b, right, at, target.lanes, mask) : gatherLanes(b, right, at, lane, target.lanes, count),
           line, column);
    });
  });
}

/// The depth is contiguous: squares of lanes x lanes are loaded along it and transposed, what is left is gathered.
void ContractKernel::packSquares(Builder& b, const Panel& panel) const {
  int64_t dim = depth.back();
  Value squares = multiple(b, panel.lines, target.lanes);
  overVectors(b, panel, [&](Value column, Value count) {
    Value at = advance(b, right, panel.right, lane, column), last = sub(b, count, constant(b, 1));
    Values starts;
    for (int n = 0; n < target.lanes; ++n)
      starts.push_back(advance(b, right, at, lane, smaller(b, constant(b, n), last)));
    loop(b, constant(b, 0), squares, target.lanes, [&](Value k) {
      Values square;
      for (Value start : starts) square.push_back(toF32(b, loadLanes(b, right, add(b, start, k), target.lanes)));
      for (auto [n, value] : llvm::enumerate(transpose(b, b.getLoc(), square)))
        keep(b, panel, value, add(b, k, constant(b, n)), column);
    });
    loop(b, squares, panel.lines, 1, [&](Value k) {
      Value from = advance(b, right, at, dim, k);
      keep(b, panel, gatherLanes(b, right, from, lane, target.lanes, count), k, column);
    });
  });
}

}  // namespace heed::codegen
