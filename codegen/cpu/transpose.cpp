// log2(lanes) rounds; round h exchanges the off-diagonal h x h corners of every 2h x 2h square.
#include "heed/codegen/cpu/transpose.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heed::cpu {

SmallVector<Value> transpose(OpBuilder& b, Location loc, ArrayRef<Value> rows) {
  int64_t n = rows.size();
  SmallVector<Value> square(rows);
  for (int64_t half = 1; half < n; half *= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t lane = 0; lane < n; ++lane) {
      bool second = lane & half;
      low.push_back(second ? n + lane - half : lane);
      high.push_back(second ? n + lane : lane + half);
    }
    for (int64_t row = 0; row < n; ++row) {
      if (row & half) continue;
      Value a = square[row], c = square[row + half];
      square[row] = vector::ShuffleOp::create(b, loc, a, c, low);
      square[row + half] = vector::ShuffleOp::create(b, loc, a, c, high);
    }
  }
  return square;
}

}  // namespace heed::cpu
