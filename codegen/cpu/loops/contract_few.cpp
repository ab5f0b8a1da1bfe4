// Few rows: nothing is used twice, so nothing is packed. Some lines of the right operand at a time stream through the
// registers, and the sums of a block of columns stay in the first-level cache.
//
// Each sum runs over the depth in the order of the register tile: a row does not know how many others there are.
#include "heed/codegen/cpu/loops/contract.h"
#include "heed/codegen/cpu/loops/control.h"
#include "heed/codegen/cpu/loops/coordinates.h"
#include "heed/codegen/cpu/loops/tasks.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace heed::codegen {

using namespace mlir;

namespace {
constexpr int64_t grain = 1 << 18;     // products per task
constexpr int64_t columnBlock = 1024;  // 4 KiB of each line
constexpr int linesAtOnce = 8;
}  // namespace

void ContractKernel::emitFewRows(Builder& b) {
  Value zero = constant(b, 0), block = constant(b, columnBlock);
  Values points = sizes(shared);
  points.append(sizes(columns));
  points.push_back(ceiling(b, extents[lane], block));
  SmallVector<int64_t> dims(shared);
  dims.append(columns);
  dims.push_back(lane);
  Value bytes = mul(b, rowCount, constant(b, columnBlock * sizeof(float)));
  Value work = mul(b, mul(b, rowCount, lineCount), smaller(b, extents[lane], block));
  overTasks(b, points, work, grain, bytes, [&](Builder& b, ValueRange point, Value scratch) {
    Values start(point);
    start.back() = mul(b, start.back(), block);
    Place place = move(b, origin(), dims, start);
    Value count = smaller(b, sub(b, extents[lane], start.back()), block);
    auto type = VectorType::get({target.lanes}, b.getF32Type());
    Value zeros = arith::ConstantOp::create(b, b.getZeroAttr(type));
    loop(b, zero, mul(b, rowCount, block), target.lanes,
         [&](Value at) { vector::StoreOp::create(b, zeros, scratch, at); });

    overRuns(b, zero, lineCount, depthLines(b), [&](Values index, Value, Value lines) {
      auto add = [&](Value line, int lines) {
        Values there = index;
        there.back() = codegen::add(b, there.back(), line);
        addLines(b, alongDepth(b, place, there), count, scratch, lines);
      };
      Value whole = multiple(b, lines, linesAtOnce);
      loop(b, zero, whole, linesAtOnce, [&](Value line) { add(line, linesAtOnce); });
      loop(b, whole, lines, 1, [&](Value line) { add(line, 1); });
    });

    loop(b, zero, rowCount, Values(rows.size(), zero), [&](Value row, Values index) {
      Place there = move(b, place, rows, index);
      loop(b, zero, count, target.lanes, [&](Value column) {
        Value at = add(b, mul(b, row, block), column);
        finishVector(b, there, vector::LoadOp::create(b, type, scratch, at), lanesAt(b, column, count));
      });
      return coordinatesAfter(b, index, sizes(rows));
    });
  });
}

/// sums of every row += left * so many lines of the right operand, first to last.
void ContractKernel::addLines(Builder& b, const Place& place, Value columns, Value scratch, int lines) const {
  Value zero = constant(b, 0), whole = multiple(b, columns, target.lanes), rest = sub(b, columns, whole);
  auto type = VectorType::get({target.lanes}, b.getF32Type());
  loop(b, zero, rowCount, Values(rows.size(), zero), [&](Value row, Values index) {
    Value at = move(b, place, rows, index).left, sumsAt = mul(b, row, constant(b, columnBlock));
    Values elements, starts, down;
    for (int n = 0; n < lines; ++n) {
      Value steps = stepsOf(b, depth.back(), constant(b, n));
      elements.push_back(sub(b, elementsFrom(b, place), steps));
      down.push_back(vector::BroadcastOp::create(
          b, type, word(b, left, advance(b, left, at, depth.back(), steps), elements.back())));
      starts.push_back(advance(b, right, place.right, depth.back(), steps));
    }
    auto vector = [&](Value column, Value count) {
      Value where = add(b, sumsAt, column), sum = vector::LoadOp::create(b, type, scratch, where);
      for (auto [word, start, left] : llvm::zip(down, starts, elements))
        sum = multiplyAdd(b, word, words(b, right, add(b, start, column), lane, left, count), sum);
      vector::StoreOp::create(b, sum, scratch, where);
    };
    loop(b, zero, whole, target.lanes, [&](Value column) { vector(column, {}); });
    loop(b, whole, columns, target.lanes, [&](Value column) { vector(column, rest); });
    return coordinatesAfter(b, index, sizes(rows));
  });
}

/// One word of the left operand.
Value ContractKernel::word(Builder& b, const View& view, Value position, Value elements) const {
  if (!pairs) return toF32(b, load(b, view, position));
  Value single = arith::CmpIOp::create(b, arith::CmpIPredicate::sle, elements, constant(b, 1));
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(view.element)), first = load(b, view, position);
  Value second = load(
      b, view,
      advance(b, view, position, depth.back(), arith::SelectOp::create(b, single, constant(b, 0), constant(b, 1))));
  second = arith::SelectOp::create(b, single, zero, second);
  Value both = vector::FromElementsOp::create(b, VectorType::get({2}, view.element), ValueRange{first, second});
  return vector::ExtractOp::create(b, asWords(b, both), int64_t(0));
}

}  // namespace heed::codegen
