// The outer half of a contraction: which operand is packed, and how the work is divided.
#include "heed/codegen/cpu/loops/contract.h"

#include "heed/codegen/cpu/loops/control.h"
#include "heed/codegen/cpu/loops/coordinates.h"
#include "heed/codegen/cpu/loops/tasks.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace heed::codegen {

using namespace mlir;

namespace {

constexpr int64_t grain = 1 << 18;        // products per task
constexpr int64_t fewPanels = 16;         // with fewer panels, the rows are divided as well
constexpr int64_t rowsWorthPacking = 96;  // packing a panel costs about as much as 4 rows of products
constexpr int64_t mostRows = 1024;        // whose sums wait in the second-level cache between two slices of the depth

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
  Value one = constant(b, 1);
  Values points;
  for (int64_t dim : shared) points.push_back(extents[dim]);
  for (int64_t dim : columns) points.push_back(extents[dim]);
  points.push_back(ceiling(b, extents[lane], constant(b, width())));
  Value panels = one;
  for (Value extent : points) panels = mul(b, panels, extent);
  Value ranges = ceiling(b, constant(b, fewPanels), larger(b, panels, one));
  ranges = smaller(b, ranges, quotient(b, rowCount, constant(b, rowsWorthPacking)));
  ranges = larger(b, larger(b, ranges, ceiling(b, rowCount, constant(b, mostRows))), one);
  rowsPerPoint = mul(b, ceiling(b, rowCount, mul(b, ranges, constant(b, tile.rows))), constant(b, tile.rows));
  points.push_back(ranges);

  // Slices of equal size, of whole squares: a short last one would pay for its sums with little work.
  Value line = depth.empty() ? one : extents[depth.back()];
  slices = larger(b, ceiling(b, line, constant(b, tile.depth)), one);
  sliceLines = mul(b, ceiling(b, line, mul(b, slices, constant(b, target.lanes))), constant(b, target.lanes));

  Value work = mul(b, mul(b, constant(b, width()), depthCount), rowsPerPoint);
  Value bytes = mul(b, add(b, sliceLines, rowsPerPoint), constant(b, width() * sizeof(float)));
  overTasks(b, points, work, grain, bytes, [&](Builder& b, ValueRange point, Value scratch) {
    Panel panel = panelAt(b, point, scratch);
    Value whole = arith::CmpIOp::create(b, arith::CmpIPredicate::sge, panel.columns, constant(b, width()));
    overDepth(b, panel, [&](const Panel& slice) {
      auto choice = scf::IfOp::create(b, whole, /*withElseRegion=*/true);
      for (bool yes : {true, false}) {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToStart(yes ? choice.thenBlock() : choice.elseBlock());
        pack(b, slice, yes);
        overRows(b, slice, yes);
      }
    });
  });
  return failure(failed);
}

/// All slices of the depth, in order; one, of no lines, where there is no depth to sum over.
void ContractKernel::overDepth(Builder& b, const Panel& panel, function_ref<void(const Panel&)> body) const {
  Value zero = constant(b, 0), one = constant(b, 1), count = one;
  Values sizes;
  if (!depth.empty())
    for (int64_t dim : ArrayRef(depth).drop_back()) sizes.push_back(larger(b, extents[dim], one));
  sizes.push_back(slices);
  for (Value size : sizes) count = mul(b, count, size);
  Value nothing = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, depthCount, zero);
  loop(b, zero, count, Values(sizes.size(), zero), [&](Value n, Values at) {
    Panel slice = panel;
    Value start = mul(b, at.back(), sliceLines);
    Value line = depth.empty() ? one : extents[depth.back()];
    slice.lines = smaller(b, sub(b, line, start), sliceLines);
    slice.lines = arith::SelectOp::create(b, nothing, zero, slice.lines);
    slice.first = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, n, zero);
    slice.last = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, n, sub(b, count, one));
    for (auto [level, dim] : llvm::enumerate(depth)) {
      Value by = level + 1 == depth.size() ? start : at[level];
      slice.left = advance(b, left, slice.left, dim, by);
      slice.right = advance(b, right, slice.right, dim, by);
    }
    body(slice);
    return coordinatesAfter(b, at, sizes);
  });
}

ContractKernel::Panel ContractKernel::panelAt(Builder& b, ValueRange point, Value scratch) const {
  Panel panel;
  panel.index.resize(extents.size());
  panel.left = left.offset, panel.right = right.offset, panel.out = out.offset, panel.scratch = scratch;
  for (const View& view : captures) panel.captures.push_back(view.offset);
  for (int64_t dim : shared) move(b, panel, dim, point.front()), point = point.drop_front();
  for (int64_t dim : columns) move(b, panel, dim, point.front()), point = point.drop_front();
  move(b, panel, lane, mul(b, point.front(), constant(b, width())));
  panel.columns = sub(b, extents[lane], panel.index[lane]);
  panel.from = smaller(b, mul(b, point.back(), rowsPerPoint), rowCount);
  panel.to = smaller(b, add(b, panel.from, rowsPerPoint), rowCount);
  return panel;
}

void ContractKernel::move(Builder& b, Panel& panel, int64_t dim, Value by) const {
  panel.index[dim] = by;
  panel.left = advance(b, left, panel.left, dim, by);
  panel.right = advance(b, right, panel.right, dim, by);
  panel.out = advance(b, out, panel.out, dim, by);
  for (auto [position, view] : llvm::zip(panel.captures, captures)) position = advance(b, view, position, dim, by);
}

}  // namespace heed::codegen
