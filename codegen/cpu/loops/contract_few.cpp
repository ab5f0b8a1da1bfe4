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
  Value work = mul(b, mul(b, rowCount, depthCount), smaller(b, extents[lane], block));
  overTasks(b, points, work, grain, bytes, [&](Builder& b, ValueRange point, Value scratch) {
    Values start(point);
    start.back() = mul(b, start.back(), block);
    Place place = move(b, origin(), dims, start);
    Value count = smaller(b, sub(b, extents[lane], start.back()), block);
    auto type = VectorType::get({target.lanes}, b.getF32Type());
    Value zeros = arith::ConstantOp::create(b, b.getZeroAttr(type));
    loop(b, zero, mul(b, rowCount, block), target.lanes,
         [&](Value at) { vector::StoreOp::create(b, zeros, scratch, at); });

    overRuns(b, zero, depthCount, sizes(depth), [&](Values index, Value, Value lines) {
      Place first = move(b, place, depth, index);
      auto from = [&](Value line) {
        Place there = first;
        there.left = advance(b, left, first.left, depth.back(), line);
        there.right = advance(b, right, first.right, depth.back(), line);
        return there;
      };
      Value whole = multiple(b, lines, linesAtOnce);
      loop(b, zero, whole, linesAtOnce, [&](Value line) { addLines(b, from(line), count, scratch, linesAtOnce); });
      loop(b, whole, lines, 1, [&](Value line) { addLines(b, from(line), count, scratch, 1); });
    });

    loop(b, zero, rowCount, Values(rows.size(), zero), [&](Value row, Values index) {
      Place there = move(b, place, rows, index);
      loop(b, zero, count, target.lanes, [&](Value column) {
        Value at = add(b, mul(b, row, block), column);
        finishVector(b, there, vector::LoadOp::create(b, type, scratch, at), column, sub(b, count, column));
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
    Values elements, starts;
    for (int n = 0; n < lines; ++n) {
      Value element = load(b, left, advance(b, left, at, depth.back(), constant(b, n)));
      elements.push_back(vector::BroadcastOp::create(b, type, toF32(b, element)));
      starts.push_back(advance(b, right, place.right, depth.back(), constant(b, n)));
    }
    auto vector = [&](Value column, Value mask) {
      Value where = add(b, sumsAt, column), sum = vector::LoadOp::create(b, type, scratch, where);
      for (auto [element, start] : llvm::zip(elements, starts))
        sum = multiplyAdd(b, element, toF32(b, loadLanes(b, right, add(b, start, column), target.lanes, mask)), sum);
      vector::StoreOp::create(b, sum, scratch, where);
    };
    loop(b, zero, whole, target.lanes, [&](Value column) { vector(column, {}); });
    loop(b, whole, columns, target.lanes, [&](Value column) { vector(column, maskOf(b, target.lanes, rest)); });
    return coordinatesAfter(b, index, sizes(rows));
  });
}

}  // namespace heed::codegen
