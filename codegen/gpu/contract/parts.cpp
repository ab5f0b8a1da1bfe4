// The depth of a product in parts, for few rows are few blocks: each part is summed on its own, then the parts in
// order.
//
// How many there are follows from columns and depth, never from rows: with many rows a block sums one part after the
// other and adds them in the same order. So a row has the same bits whatever it is computed beside. Where wgmma takes
// the many rows there is one part: its sums fill the registers, and beside them is no room for those of parts before.
#include "heed/codegen/cpu/loops/coordinates.h"
#include "heed/codegen/gpu/contract/kernel.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace heed::codegen::gpu {

using namespace mlir;

static constexpr int64_t least = 256;  // of the depth, in a part: less is soon done, and has to be merged all the same

/// As many as one row of blocks leaves multiprocessors for, where columns and depth are known; `few` are those that few
/// rows go by. What is to be told of them.
std::string ProductKernel::planParts(const Blocks& few) {
  std::optional<int64_t> wide = getConstantIntValue(columnCount), deep = getConstantIntValue(extents[depth]);
  if (!alone || !wide || !deep || *wide < 1) return "";
  // Beside the sums of parts before there are few registers: numbers have to come in pieces, of which rows of both
  // sides are whole ones.
  const int64_t piece = 8 * pieceBytes / views[0].element.getIntOrFloatBitWidth();
  if (leftUpright || *deep % piece != 0 || (upright && *wide % piece != 0)) return "";
  const int64_t room = device.multiprocessors() / llvm::divideCeil(*wide, few.columns);
  const int64_t count = std::min(room, *deep / least);
  if (count < 2) return "";
  parts.depth = llvm::alignTo(llvm::divideCeil(*deep, count), few.depth);
  parts.count = llvm::divideCeil(*deep, parts.depth);
  return "; the depth in " + std::to_string(parts.count) + " parts, by blocks of their own if there are at most " +
         std::to_string(device.multiprocessors());
}

Value ProductKernel::partAt(ValueRange point, Value part, Value row, Value column) {
  Value line = constant(b, 0);
  for (auto [dim, at] : llvm::zip_equal(outer, point)) line = add(b, mul(b, line, extents[dim]), at);
  line = add(b, mul(b, add(b, mul(b, line, constant(b, parts.count)), part), rowCount), row);
  return add(b, mul(b, line, columnCount), column);
}

/// A thread for each sum.
void ProductKernel::merge() {
  Values grid;
  for (int64_t dim : outer) grid.push_back(extents[dim]);
  grid.append({rowCount, columnCount});
  launchOver(b, grid, 1, [&](Builder&, ValueRange at, Value) {
    ValueRange point = at.drop_back(2);
    Value row = at[point.size()], column = at.back(), sum;
    for (int64_t n = 0; n < parts.count; ++n) {
      Value part = load(b, parts.memory, partAt(point, constant(b, n), row, column));
      sum = sum ? arith::AddFOp::create(b, sum, part).getResult() : part;
    }
    Place here = Place(views, extents.size()).step(b, views, outer, point);
    here = along(along(here, rows, row), columns, column);
    store(b, views[out], finished(here, sum, capturesAt(here)), here.position[out]);
  });
}

}  // namespace heed::codegen::gpu
