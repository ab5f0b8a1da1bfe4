// The outer half of a contraction: which operand carries the lanes, and where slices and panels are.
//
// Scratch of a task, in words: one finished tile, one tile of zeros, a panel, the rows of a slice, and, where there
// are several slices, the sums so far of the whole block.
#include "heed/codegen/cpu/loops/contract.h"

#include "heed/codegen/cpu/loops/control.h"
#include "heed/codegen/cpu/loops/coordinates.h"
#include "heed/codegen/cpu/loops/tasks.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace heed::codegen {

using namespace mlir;

namespace {

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

/// Whether words are pairs of bf16.
bool takesPairs(tile::ContractOp op, const Target& target) {
  auto narrow = [](Value operand) { return cast<MemRefType>(operand.getType()).getElementType().isBF16(); };
  return target.bf16 && narrow(op.getLhs()) && narrow(op.getRhs()) && !op.dimsOf("depth").empty();
}

/// Whether what `op` stores leaves the program, and nothing there reads it again.
bool isLast(tile::ContractOp op) {
  auto argument = dyn_cast<BlockArgument>(op.getOut());
  return argument && isa<func::FuncOp>(argument.getOwner()->getParentOp()) &&
         llvm::all_of(argument.getUsers(), [&](Operation* user) { return user == op || isa<memref::DimOp>(user); });
}

}  // namespace

/// The extent of a dim that `operand` has, or ShapedType::kDynamic.
static int64_t extentOf(tile::ContractOp op, OpOperand& operand, int64_t dim) {
  auto at = op.mapOf(operand).getResultPosition(getAffineDimExpr(unsigned(dim), op.getContext()));
  return cast<MemRefType>(operand.get().getType()).getDimSize(*at);
}

bool hasLaneDim(tile::ContractOp op) {
  return llvm::is_contained(op.dimsOf("row"), laneDim(op)) || llvm::is_contained(op.dimsOf("column"), laneDim(op));
}

ContractKernel::ContractKernel(tile::ContractOp op, const Target& target)
    : op(op),
      target(target),
      pairs(takesPairs(op, target)),
      last(isLast(op)),
      tile(target.contract(pairs, extentOf(op, op.getOutMutable(), laneDim(op)))),
      lane(laneDim(op)) {
  shared = op.dimsOf("outer");
  rows = op.dimsOf("row");
  columns = op.dimsOf("column");
  depth = op.dimsOf("depth");
  swapped = llvm::is_contained(rows, lane);
  if (swapped) std::swap(rows, columns);
  llvm::erase(columns, lane);
  // A contiguous dim runs fastest; of two depth dims that of the operand which is packed more often.
  OpOperand &leftOperand = swapped ? op.getRhsMutable() : op.getLhsMutable(),
            &rightOperand = swapped ? op.getLhsMutable() : op.getRhsMutable();
  for (OpOperand* operand : {&leftOperand, &rightOperand}) {
    int64_t unit = unitDim(operand->get(), op.mapOf(*operand));
    for (auto* dims : {&rows, &depth})
      if (llvm::is_contained(*dims, unit)) llvm::erase(*dims, unit), dims->push_back(unit);
    rightUnit = unit;
  }
  pitch = longestSlice() + target.lanes;
  if (pitch / target.lanes % 2 == 0) pitch += target.lanes;
}

int64_t ContractKernel::longestSlice() {
  int64_t lines = 1;
  for (int64_t dim : depth) {
    const int64_t extent = std::max(extentOf(op, op.getLhsMutable(), dim), extentOf(op, op.getRhsMutable(), dim));
    if (ShapedType::isDynamic(extent)) return tile.depth;
    lines *= dim == depth.back() ? llvm::divideCeil(extent, perWord()) : extent;
  }
  lines = llvm::alignTo(std::max<int64_t>(lines, 1), numbersPerGroup);
  return llvm::alignTo(llvm::divideCeil(lines, llvm::divideCeil(lines, tile.depth)), numbersPerGroup);
}

void ContractKernel::readOperands(Builder& b) {
  SmallVector<View> views;
  for (OpOperand& operand : op->getOpOperands())
    views.push_back(viewOf(b, b.getLoc(), operand.get(), op.mapOf(operand)));
  left = views[swapped], right = views[!swapped], out = views.back();
  captures.assign(views.begin() + 2, views.end() - 1);
  extents = extentsOf(views);
  rowCount = product(b, rows);
  countPanels(b);
}

void ContractKernel::countPanels(Builder& b) {
  lineCount = constant(b, 1);
  for (Value size : depthLines(b)) lineCount = mul(b, lineCount, size);
  filledLines = lineCount;
  Value step = constant(b, lineStep());
  lineCount = mul(b, ceiling(b, lineCount, step), step);
  lanePanels = ceiling(b, extents[lane], constant(b, width()));
  panelCount = mul(b, product(b, columns), lanePanels);
  slices = larger(b, ceiling(b, lineCount, constant(b, tile.depth)), constant(b, 1));
  // Of equal size: a short last slice would pay for its sums with little work.
  step = constant(b, std::max<int64_t>(lineStep(), target.lanes));
  sliceLines = mul(b, ceiling(b, lineCount, mul(b, slices, step)), step);
}

void ContractKernel::overSlices(Builder& b, function_ref<void(const Slice&)> body) const {
  Value zero = constant(b, 0);
  loop(b, zero, slices, 1, [&](Value n) {
    Slice slice;
    slice.from = mul(b, n, sliceLines);
    slice.lines = smaller(b, sub(b, lineCount, slice.from), sliceLines);
    slice.first = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, n, zero);
    slice.last = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, n, sub(b, slices, constant(b, 1)));
    body(slice);
  });
}

/// In the packed form: the slices in order, of each all panels, so that few rows read memory from first to last.
Value ContractKernel::packedAt(Builder& b, const Slice& slice, Value number) const {
  return packedWords(b, add(b, mul(b, slice.from, panelCount), mul(b, number, slice.lines)));
}

Value ContractKernel::product(Builder& b, ArrayRef<int64_t> dims) const {
  Value result = constant(b, 1);
  for (int64_t dim : dims) result = mul(b, result, extents[dim]);
  return result;
}

ContractKernel::Values ContractKernel::sizes(ArrayRef<int64_t> dims) const {
  return llvm::map_to_vector(dims, [&](int64_t dim) { return extents[dim]; });
}

ContractKernel::Values ContractKernel::depthLines(Builder& b) const {
  Values lines = sizes(depth);
  if (pairs) lines.back() = ceiling(b, lines.back(), constant(b, perWord()));
  return lines;
}

Value ContractKernel::filledTo(Builder& b, const Slice& slice) const {
  Value end = add(b, slice.from, slice.lines);
  return lineStep() > 1 ? smaller(b, end, filledLines) : end;
}

ContractKernel::Place ContractKernel::alongDepth(Builder& b, const Place& place, Values lines) const {
  if (pairs) lines.back() = mul(b, lines.back(), constant(b, perWord()));
  return move(b, place, depth, lines);
}

/// Sums of a panel that wait for its next part, behind the rows; transposing may write a square's height beyond the
/// last row.
Value ContractKernel::partialAt(Builder& b) const {
  Value height = add(b, rowsPerBlock, constant(b, target.lanes));
  return add(b, constant(b, rowsAt()), mul(b, height, constant(b, pitch)));
}

/// Sums of all panels that wait for the next slice.
Value ContractKernel::waitingAt(Builder& b) const {
  Value partial = byMatrices() ? mul(b, rowsPerBlock, constant(b, width())) : constant(b, 0);
  return add(b, partialAt(b), partial);
}

/// Before any dim is known.
ContractKernel::Place ContractKernel::origin() const {
  Place place{Values(extents.size()), left.offset, right.offset, out.offset, {}};
  for (const View& view : captures) place.captures.push_back(view.offset);
  return place;
}

/// What tiles read beyond the rows that there are.
void ContractKernel::clear(Builder& b, const Block& block) const {
  auto clear = [&](Value from, Value to) {
    loop(b, from, to, target.lanes, [&](Value at) { vector::StoreOp::create(b, zeros(b), block.scratch, at); });
  };
  clear(constant(b, zerosAt()), constant(b, panelAt()));
  if (byMatrices()) return;
  // Rows that fill up the last tile: what happens to lie there may be denormal, and slow.
  Value height = sub(b, block.to, block.from), few = constant(b, tile.few), line = constant(b, pitch);
  Value end = mul(b, mul(b, ceiling(b, height, few), few), line);
  clear(add(b, constant(b, rowsAt()), mul(b, height, line)), add(b, constant(b, rowsAt()), end));
}

/// Of the panels' packed forms those at the shared dims come together.
Value ContractKernel::packedBefore(Builder& b, const Place& place) const {
  Value before = constant(b, 0);
  for (int64_t dim : shared)
    if (right.has(dim)) before = add(b, mul(b, before, extents[dim]), place.index[dim]);
  return mul(b, packedWords(b, mul(b, panelCount, lineCount)), before);
}

void ContractKernel::emitPanel(Builder& b, const Block& block, const Slice& slice, Value number, Panel panel) {
  panel.memory = block.scratch, panel.position = constant(b, panelAt());
  if (!packed) {
    packPanel(b, slice, panel);
    return overParts(b, block, slice, panel);
  }
  Value position = add(b, packedBefore(b, block.place), packedAt(b, slice, number));
  if (bits) return emitRounded(b, block, slice, panel, position);
  panel.memory = packed, panel.position = position;
  overParts(b, block, slice, panel);
}

void ContractKernel::overPanels(Builder& b, Value from, Value to, function_ref<void(Value, ValueRange)> body) const {
  Values counts = sizes(columns);
  counts.push_back(lanePanels);
  for (Value& count : counts) count = larger(b, count, constant(b, 1));  // without panels they are divisors still
  loop(b, from, to, coordinatesAt(b, from, counts), [&](Value number, Values at) {
    body(number, at);
    return coordinatesAfter(b, at, counts);
  });
}

ContractKernel::Panel ContractKernel::panelAt(Builder& b, const Place& place, ValueRange at) const {
  SmallVector<int64_t> dims(columns);
  dims.push_back(lane);
  Values start(at);
  start.back() = mul(b, at.back(), constant(b, width()));
  return {move(b, place, dims, start), {}, sub(b, extents[lane], start.back()), {}, {}};
}

ContractKernel::Place ContractKernel::move(Builder& b, Place place, ArrayRef<int64_t> dims, ValueRange by) const {
  for (auto [dim, steps] : llvm::zip_equal(dims, by)) {
    place.index[dim] = steps;
    place.left = advance(b, left, place.left, dim, steps);
    place.right = advance(b, right, place.right, dim, steps);
    place.out = advance(b, out, place.out, dim, steps);
    for (auto [position, view] : llvm::zip(place.captures, captures)) position = advance(b, view, position, dim, steps);
  }
  return place;
}

}  // namespace heed::codegen
