// The frame of a product: its dims, which kernel it is, and what becomes of a sum.
#include "heed/codegen/cpu/loops/coordinates.h"
#include "heed/codegen/gpu/contract/kernel.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace heed::codegen::gpu {

using namespace mlir;

static std::string nameOf(Type type) {
  std::string name;
  llvm::raw_string_ostream(name) << type;
  return name;
}

ProductKernel::ProductKernel(tile::ContractOp op, const Device& device)
    : op(op), device(device), b(op.getLoc(), op), out(op->getNumOperands() - 1) {
  for (OpOperand& operand : op->getOpOperands())
    views.push_back(viewOf(b, b.getLoc(), operand.get(), op.mapOf(operand)));
  extents = extentsOf(views);
  for (auto [role, dims] : {std::pair("outer", &outer), std::pair("row", &rows), std::pair("column", &columns)})
    *dims = op.dimsOf(role);
}

Value ProductKernel::product(ArrayRef<int64_t> dims) {
  Value all = constant(b, 1);
  for (int64_t dim : dims) all = mul(b, all, extents[dim]);
  return all;
}

/// On the host: whether `dims`, the last of them the fastest, are one dim to `view`; null where that is known.
Value ProductKernel::lieAsOne(const View& view, ArrayRef<int64_t> dims) {
  Value all;
  for (size_t n = 1; n < dims.size(); ++n) {
    Value step = mul(b, view.stride[dims[n]], extents[dims[n]]);
    auto equal = [&](Value x, Value y) { return b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, x, y); };
    Value one = equal(extents[dims[n - 1]], constant(b, 1));
    Value so = b.createOrFold<arith::OrIOp>(one, equal(view.stride[dims[n - 1]], step));
    if (!getConstantIntValue(so).value_or(0)) all = all ? arith::AndIOp::create(b, all, so).getResult() : so;
  }
  return all;
}

/// Why there are no tiles; empty: there are, for both sides are contiguous along the depth or across it.
std::string ProductKernel::refusal() {
  SmallVector<int64_t> depths = op.dimsOf("depth");
  for (auto [dims, name] : {std::pair(&depths, "depth"), std::pair(&rows, "rows"), std::pair(&columns, "columns")})
    if (dims->empty()) return std::string("it has no ") + name;
  Type type = views[0].element;
  if (views[1].element != type) return "of " + nameOf(type) + " and " + nameOf(views[1].element);
  if (!isa<FloatType>(type)) return "of " + nameOf(type);
  leftUpright = views[0].unit == rows.back(), upright = views[1].unit == columns.back();
  depth = depths.back();
  if (!leftUpright && views[0].unit != depth) return "the left side is contiguous along neither rows nor the depth";
  if (!upright && views[1].unit != depth) return "the right side is contiguous along neither columns nor the depth";
  return "";
}

Place ProductKernel::along(const Place& place, ArrayRef<int64_t> dims, Value number) {
  Values sizes;
  for (int64_t dim : dims) sizes.push_back(extents[dim]);
  return place.step(b, views, dims, coordinatesAt(b, number, sizes));
}

Values ProductKernel::capturesAt(const Place& here) {
  Values all;
  if (op.getEpilogue().empty()) return all;
  for (size_t n = 2; n < out; ++n) all.push_back(load(b, views[n], here.position[n]));
  return all;
}

Value ProductKernel::finished(const Place& here, Value sum, ValueRange captures) {
  if (!op.getEpilogue().empty()) {
    Values arguments{sum};
    arguments.append(captures.begin(), captures.end());
    Values results = here.evaluate(b, op.getEpilogue(), arguments);
    results.empty() ? void(failed = true) : void(sum = results[0]);
  }
  return rounded(b, sum, views[out].element);
}

/// Which kernel it is may depend on where the operands lie and how large they are: then the host finds that out.
LogicalResult ProductKernel::emit(ByLoops loops) {
  if (std::string why = refusal(); !why.empty()) return loops(b, why);
  SmallVector<int64_t> depths = op.dimsOf("depth");
  auto require = [&](Value so) {
    if (so) joined = joined ? arith::AndIOp::create(b, joined, so).getResult() : so;
  };
  for (const View& view : ArrayRef(views).take_front(2)) require(lieAsOne(view, depths));
  if (leftUpright) require(lieAsOne(views[0], rows));
  if (upright) require(lieAsOne(views[1], columns));
  extents[depth] = product(depths);
  for (int64_t dim : ArrayRef(depths).drop_back())
    for (View& view : views) view.stride[dim] = {};
  rowCount = product(rows), columnCount = product(columns);
  auto byTiles = [&] {
    if (views[0].element.isF32()) return device.tf32 ? emitCores("as " + device.name() + " says") : emitFma(), Values();
    std::string why = hopperRefusal();
    if (!why.empty()) return emitCores(why), Values();
    alone = false;
    return choose(
        b, large(), {}, [&] { return emitHopper(), Values(); },
        [&] { return emitCores("where wgmma is not"), Values(); });
  };
  LogicalResult other = success();
  if (joined)
    choose(b, joined, {}, byTiles, [&] {
      other = loops(b, "where the dims of a role do not lie as one");
      return Values();
    });
  else
    byTiles();
  return failure(failed || mlir::failed(other));
}

}  // namespace heed::codegen::gpu
