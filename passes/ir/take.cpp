// take: rows of a table by number. Test: tests/passes/ir/take_test.cpp.
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

LogicalResult TakeOp::lower(Lowering& lowering) {
  Location loc = getLoc();
  Buffer table = lowering.buffer(getTable()), out = lowering.allocate(getResult());
  Axes axes = axesOf(getTable().getType());
  Value rows = lowering.extent(*findAxis(axes, getAxis()));
  SmallVector<StringRef> names = namesOf(axesOf(getType()));
  lowering.loop(loc, axesOf(getType()), getRows(), {}, out, [&](OpBuilder& b, ValueRange elements, Value) {
    Value row = arith::IndexCastOp::create(b, loc, b.getIndexType(), elements[0]);
    // Unsigned: a negative row is a huge one, so one comparison guards both ends.
    Value there = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, row, rows);
    auto chosen = scf::IfOp::create(
        b, loc, there,
        [&](OpBuilder& in, Location) {
          SmallVector<Value> at;
          for (StringRef axis : table.axes)
            at.push_back(axis == getAxis()
                             ? row
                             : linalg::IndexOp::create(in, loc, llvm::find(names, axis) - names.begin()).getResult());
          scf::YieldOp::create(in, loc, memref::LoadOp::create(in, loc, table.memref, at).getResult());
        },
        [&](OpBuilder& in, Location) {
          Value none = arith::ConstantOp::create(in, loc, numberAttr(out.element(), absent(out.element())));
          scf::YieldOp::create(in, loc, none);
        });
    return chosen.getResult(0);
  });
  return success();
}

}  // namespace heed::ir
