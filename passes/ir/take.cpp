// take: rows of a table by number. Test: tests/passes/ir/reduce_test.cpp.
#include "heed/passes/ir/heed.h"
#include "heed/passes/ir/interpret.h"
#include "heed/passes/ir/lowering.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace heed::ir {

LogicalResult TakeOp::inferReturnTypes(MLIRContext*, std::optional<Location> loc, Adaptor a,
                                       SmallVectorImpl<Type>& types) {
  Type table = a.getTable().getType(), rows = a.getRows().getType();
  if (!elementOf(rows).isInteger(32))
    return emitOptionalError(loc, "heed.take: rows are ", elementOf(rows), "; i32 is required; cast<i32>(rows)?");
  if (!has(axesOf(table), a.getAxis()))
    return emitOptionalError(loc, "heed.take: the table has axes ", describe(axesOf(table)), ", not ", a.getAxis());
  Axes axes = axesOf(rows);
  if (failed(unite(loc, "take", axes, without(axesOf(table), a.getAxis())))) return failure();
  types.push_back(tensorOf(elementOf(table), axes));
  return success();
}

static double absent(Type element) { return isa<FloatType>(element) ? NAN : 0; }

SmallVector<Reference> TakeOp::evaluate(ArrayRef<Reference> x, Evaluation&) {
  const Reference &table = x[0], &rows = x[1];
  Reference beside = table;  // the table's axis is not one of the result, even where rows have one of that name
  for (std::string& axis : beside.axes)
    if (axis == getAxis()) axis.clear();
  Reference out = blank(getType(), {rows, beside});
  int64_t pitch = table.strides(getAxis().str())[0], count = table.extent(getAxis());
  double none = absent(elementOf(getType()));
  forEachRun(out.extents, {out.strides(out.axes), rows.strides(out.axes), beside.strides(out.axes)},
             [&](const int64_t* at, const int64_t* step, int64_t n) {
               for (int64_t i = 0; i < n; ++i) {
                 double row = rows.data[at[1] + i * step[1]];
                 bool there = row >= 0 && row < count;
                 out.data[at[0] + i * step[0]] =
                     there ? table.data[at[2] + i * step[2] + static_cast<int64_t>(row) * pitch] : none;
               }
             });
  return {out};
}

/// One row, by a number that is there: a view of it, where its elements follow each other.
static bool lowerToView(TakeOp op, Lowering& lowering) {
  auto row = op.getRows().getDefiningOp<ConstantOp>();
  Axes axes = axesOf(op.getTable().getType());
  int64_t extent = findAxis(axes, op.getAxis())->extent;
  if (!row || extent == ShapedType::kDynamic) return false;
  int64_t number = cast<IntegerAttr>(row.getValue()).getInt();
  Buffer table = lowering.buffer(op.getTable());
  if (number < 0 || number >= extent || !table.has(op.getAxis()) || table.axes.back() == op.getAxis()) return false;
  OpBuilder& b = lowering.b;
  SmallVector<OpFoldResult> offsets, sizes, strides(table.axes.size(), b.getIndexAttr(1));
  Buffer part;
  SmallVector<int64_t> shape;
  for (StringRef name : table.axes) {
    bool taken = name == op.getAxis();
    const Axis& axis = *findAxis(axes, name);
    offsets.push_back(b.getIndexAttr(taken ? number : 0));
    sizes.push_back(taken             ? OpFoldResult(b.getIndexAttr(1))
                    : axis.isStatic() ? OpFoldResult(b.getIndexAttr(axis.extent))
                                      : OpFoldResult(lowering.extent(axis)));
    if (taken) continue;
    part.axes.push_back(name);
    shape.push_back(axis.extent);
  }
  auto whole = cast<MemRefType>(table.memref.getType());
  auto type = memref::SubViewOp::inferRankReducedResultType(shape, whole, offsets, sizes, strides);
  part.memref = memref::SubViewOp::create(b, op.getLoc(), type, table.memref, offsets, sizes, strides);
  lowering.bind(op.getResult(), part);
  return true;
}

LogicalResult TakeOp::lower(Lowering& lowering) {
  if (lowerToView(*this, lowering)) return success();
  Location loc = getLoc();
  Buffer table = lowering.buffer(getTable()), out = lowering.allocate(getResult());
  Axes axes = axesOf(getTable().getType());
  const Axis& numbered = *findAxis(axes, getAxis());
  Value rows = lowering.extent(numbered);
  SmallVector<StringRef> names = namesOf(axesOf(getType()));
  Value none = arith::ConstantOp::create(lowering.b, loc, numberAttr(out.element(), absent(out.element())));
  Value zero = arith::ConstantIndexOp::create(lowering.b, loc, 0);
  OpBuilder::InsertionGuard guard(lowering.b);
  // Where the table has rows, row 0 may be read in place of one that is not there.
  if (!numbered.isStatic() || numbered.extent == 0) {
    lowering.fill(loc, out, absent(out.element()));
    Value some = arith::CmpIOp::create(lowering.b, loc, arith::CmpIPredicate::ne, rows, zero);
    auto guarded = scf::IfOp::create(lowering.b, loc, some);
    lowering.b.setInsertionPointToStart(guarded.thenBlock());
  }
  lowering.loop(loc, axesOf(getType()), getRows(), {}, out, [&](OpBuilder& b, ValueRange elements, Value) -> Value {
    Value row = arith::IndexCastOp::create(b, loc, b.getIndexType(), elements[0]);
    // Unsigned: a negative row is a huge one, so one comparison guards both ends.
    Value there = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, row, rows);
    Value safe = arith::SelectOp::create(b, loc, there, row, zero);
    SmallVector<Value> at;
    for (StringRef axis : table.axes)
      at.push_back(axis == getAxis()
                       ? safe
                       : linalg::IndexOp::create(b, loc, llvm::find(names, axis) - names.begin()).getResult());
    Value element = memref::LoadOp::create(b, loc, table.memref, at);
    return arith::SelectOp::create(b, loc, there, element, none);
  });
  return success();
}

}  // namespace heed::ir
