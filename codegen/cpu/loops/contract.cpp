// The outer half of a contraction: which operand is packed, and how the work is divided.
#include "heed/codegen/cpu/loops/contract.h"

#include "heed/codegen/cpu/loops/tasks.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace heed::cpu {

using namespace mlir;

namespace {

constexpr int64_t grain = 1 << 18;        // products per task
constexpr int64_t fewPanels = 16;         // with fewer panels, the rows are divided as well
constexpr int64_t rowsWorthPacking = 96;  // packing a panel costs about as much as 4 rows of products

/// The dim along which a memref's elements are neighbours, -1 where the type does not say.
int64_t unitDim(Value memref, AffineMap map) {
  SmallVector<int64_t> strides;
  int64_t offset, unit = -1;
  if (mlir::failed(cast<MemRefType>(memref.getType()).getStridesAndOffset(strides, offset))) return -1;
  for (auto [stride, result] : llvm::zip(strides, map.getResults()))
    if (stride == 1) unit = cast<AffineDimExpr>(result).getPosition();
  return unit;
}

int64_t laneDim(tile::ContractOp op) { return unitDim(op.getOut(), op.mapOf(op.getOutMutable())); }

}  // namespace

ContractTile contractTile(const Target& target) {
  if (target.avx512) return {.rows = 6, .vectors = 4};
  return target.fma ? ContractTile{.rows = 6, .vectors = 2} : ContractTile{.rows = 4, .vectors = 2};
}

bool hasLaneDim(tile::ContractOp op) {
  return llvm::is_contained(op.dimsOf("row"), laneDim(op)) || llvm::is_contained(op.dimsOf("column"), laneDim(op));
}

ContractKernel::ContractKernel(tile::ContractOp op, const Target& target)
    : op(op), target(target), tile(contractTile(target)), lane(laneDim(op)) {
  shared = op.dimsOf("outer");
  rows = op.dimsOf("row");
  columns = op.dimsOf("column");
  depth = op.dimsOf("depth");
  swapped = llvm::is_contained(rows, lane);
  if (swapped) std::swap(rows, columns);
  llvm::erase(columns, lane);
  // The operand that is packed decides which depth dim runs fastest.
  OpOperand& packed = swapped ? op.getLhsMutable() : op.getRhsMutable();
  int64_t unit = unitDim(packed.get(), op.mapOf(packed));
  if (llvm::is_contained(depth, unit)) llvm::erase(depth, unit), depth.push_back(unit);
}

void ContractKernel::readOperands(Builder& b) {
  SmallVector<View> views;
  for (OpOperand& operand : op->getOpOperands())
    views.push_back(viewOf(b, b.getLoc(), operand.get(), op.mapOf(operand)));
  left = views[swapped], right = views[!swapped], out = views.back();
  captures.assign(views.begin() + 2, views.end() - 1);
  extents = extentsOf(views);
  rowCount = depthCount = constant(b, 1);
  for (int64_t dim : rows) rowCount = mul(b, rowCount, extents[dim]);
  for (int64_t dim : depth) depthCount = mul(b, depthCount, extents[dim]);
}

/// A point is a panel of columns and a range of rows: shared dims, other column dims, panel, range.
LogicalResult ContractKernel::emit(Builder& b) {
  readOperands(b);
  Value width = constant(b, tile.vectors * target.lanes);
  Values points;
  for (int64_t dim : shared) points.push_back(extents[dim]);
  for (int64_t dim : columns) points.push_back(extents[dim]);
  points.push_back(ceiling(b, extents[lane], width));
  Value panels = constant(b, 1);
  for (Value extent : points) panels = mul(b, panels, extent);
  Value ranges = ceiling(b, constant(b, fewPanels), larger(b, panels, constant(b, 1)));
  ranges = larger(b, smaller(b, ranges, quotient(b, rowCount, constant(b, rowsWorthPacking))), constant(b, 1));
  Value tiles = ceiling(b, rowCount, mul(b, ranges, constant(b, tile.rows)));
  rowsPerPoint = mul(b, tiles, constant(b, tile.rows));
  points.push_back(ranges);

  Value work = mul(b, mul(b, width, depthCount), rowsPerPoint);
  Value bytes = mul(b, mul(b, width, depthCount), constant(b, sizeof(float)));
  overTasks(b, points, work, grain, bytes, [&](Builder& b, ValueRange point, Value scratch) {
    Panel panel = panelAt(b, point, scratch);
    Value from = smaller(b, mul(b, point.back(), rowsPerPoint), rowCount);
    Value to = smaller(b, add(b, from, rowsPerPoint), rowCount);
    Value width = constant(b, tile.vectors * target.lanes);
    Value whole = arith::CmpIOp::create(b, arith::CmpIPredicate::sge, panel.columns, width);
    auto choice = scf::IfOp::create(b, whole, /*withElseRegion=*/true);
    for (bool yes : {true, false}) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(yes ? choice.thenBlock() : choice.elseBlock());
      pack(b, panel, yes);
      overRows(b, panel, from, to, yes);
    }
  });
  return failure(failed);
}

ContractKernel::Panel ContractKernel::panelAt(Builder& b, ValueRange point, Value scratch) const {
  Panel panel{Values(extents.size()), left.offset, right.offset, out.offset, {}, {}, scratch};
  for (const View& view : captures) panel.captures.push_back(view.offset);
  for (int64_t dim : shared) move(b, panel, dim, point.front()), point = point.drop_front();
  for (int64_t dim : columns) move(b, panel, dim, point.front()), point = point.drop_front();
  move(b, panel, lane, mul(b, point.front(), constant(b, tile.vectors * target.lanes)));
  panel.columns = sub(b, extents[lane], panel.index[lane]);
  return panel;
}

void ContractKernel::move(Builder& b, Panel& panel, int64_t dim, Value by) const {
  panel.index[dim] = by;
  panel.left = advance(b, left, panel.left, dim, by);
  panel.right = advance(b, right, panel.right, dim, by);
  panel.out = advance(b, out, panel.out, dim, by);
  for (auto [position, view] : llvm::zip(panel.captures, captures)) position = advance(b, view, position, dim, by);
}

}  // namespace heed::cpu
