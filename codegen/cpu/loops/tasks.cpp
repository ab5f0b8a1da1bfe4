// One loop over a range of flat positions in each task; a position becomes a point by division.
#include "heed/codegen/cpu/loops/tasks.h"

#include "heed/codegen/cpu/loops/lanes.h"
#include "heed/codegen/tile/tile.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace heed::cpu {

using namespace mlir;
using Builder = ImplicitLocOpBuilder;

/// position = ((p0 * e1) + p1) * e2 + p2 ..
static SmallVector<Value> pointAt(Builder& b, Value position, ValueRange extents) {
  SmallVector<Value> point(extents.size());
  for (size_t d = extents.size(); d-- > 1;) {
    Value rest = quotient(b, position, extents[d]);
    point[d] = sub(b, position, mul(b, rest, extents[d]));
    position = rest;
  }
  if (!point.empty()) point[0] = position;
  return point;
}

void overTasks(Builder& b, ValueRange extents, Value workPerPoint, int64_t grain, Value scratchBytes,
               function_ref<void(Builder&, ValueRange, Value)> body) {
  Value one = constant(b, 1);
  Value points = one;
  for (Value extent : extents) points = mul(b, points, extent);
  Value perTask = larger(b, quotient(b, constant(b, grain), larger(b, workPerPoint, one)), one);
  Value tasks = ceiling(b, points, perTask);

  auto parallel = tile::ParallelOp::create(b, tasks, scratchBytes);
  Type scratch = MemRefType::get({ShapedType::kDynamic}, b.getF32Type());
  OpBuilder::InsertionGuard guard(b);
  Block* block = b.createBlock(&parallel.getBody(), {}, {b.getIndexType(), scratch}, {b.getLoc(), b.getLoc()});
  Value first = mul(b, block->getArgument(0), perTask);
  Value last = smaller(b, add(b, first, perTask), points);
  auto loop = scf::ForOp::create(b, first, last, one);
  tile::YieldOp::create(b);
  b.setInsertionPointToStart(loop.getBody());
  body(b, pointAt(b, loop.getInductionVar(), extents), block->getArgument(1));
}

}  // namespace heed::cpu
