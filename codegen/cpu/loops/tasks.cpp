// One loop over a range of flat positions in each task; the point is counted along.
#include "heed/codegen/cpu/loops/tasks.h"

#include "heed/codegen/cpu/loops/coordinates.h"
#include "heed/codegen/cpu/loops/lanes.h"
#include "heed/codegen/tile/tile.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace heed::codegen {

using namespace mlir;
using Builder = ImplicitLocOpBuilder;

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
  SmallVector<Value> sizes(extents), start = coordinatesAt(b, first, sizes);
  auto loop = scf::ForOp::create(b, first, last, one, start);
  tile::YieldOp::create(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> point(loop.getRegionIterArgs());
  body(b, point, block->getArgument(1));
  if (!point.empty()) scf::YieldOp::create(b, coordinatesAfter(b, point, sizes));
}

}  // namespace heed::codegen
