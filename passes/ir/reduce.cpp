// sum, mean, amax, amin. Test: tests/passes/ir/reduce_test.cpp.
#include "heed/passes/ir/heed.h"
#include "heed/passes/ir/interpret.h"
#include "heed/passes/ir/lowering.h"

using namespace mlir;

namespace heed::ir {
namespace {

/// What tells one reduction from another.
struct Reduction {
  double (*start)(Type);
  double (*join)(double, double);
  StringRef onFloat, onInt;
};

double zero(Type) { return 0; }
double least(Type t) { return isa<FloatType>(t) ? -INFINITY : INT32_MIN; }
double most(Type t) { return isa<FloatType>(t) ? INFINITY : INT32_MAX; }
double plus(double x, double y) { return x + y; }

const Reduction sums{zero, plus, "arith.addf", "arith.addi"};
const Reduction maxima{least, meaning::larger, "arith.maximumf", "arith.maxsi"};
const Reduction minima{most, meaning::smaller, "arith.minimumf", "arith.minsi"};

LogicalResult infer(std::optional<Location> loc, StringRef op, Value x, ArrayAttr axes, SmallVectorImpl<Type>& types) {
  Axes all = axesOf(x.getType());
  if (elementOf(x.getType()).isInteger(1)) return emitOptionalError(loc, op, ": is not defined for i1; cast to i32?");
  for (StringRef axis : namesOf(axes))
    if (!has(all, axis)) return emitOptionalError(loc, op, ": the operand has axes ", describe(all), ", not ", axis);
  types.push_back(tensorOf(elementOf(x.getType()), without(all, namesOf(axes))));
  return success();
}

Reference reduce(const Reduction& r, Operation* op, const Reference& x, const Evaluation& evaluation) {
  Type type = op->getResult(0).getType();
  Reference out = blank(type, x, r.start(elementOf(type)));
  forEachRun(x.extents, {out.strides(x.axes), x.strides(x.axes)},
             [&](const int64_t* at, const int64_t* step, int64_t count) {
               for (int64_t i = 0; i < count; ++i) {
                 double& total = out.data[at[0] + i * step[0]];
                 total = evaluation.kept(r.join(total, x.data[at[1] + i * step[1]]));
               }
             });
  return out;
}

StringRef alongAxis(ArrayAttr axes) { return axes.size() == 1 ? namesOf(axes)[0] : StringRef(); }

RowElement reduceRow(const Reduction& r, Value x, Rows& rows) {
  Type type = elementOf(x.getType());
  return rows.reduce(isa<FloatType>(type) ? r.onFloat : r.onInt, type, [x](RowRegion& in) { return in(x); });
}

/// Along several axes.
Buffer lowerReduction(const Reduction& r, Operation* op, Lowering& lowering) {
  Location loc = op->getLoc();
  Value x = op->getOperand(0);
  Buffer out = lowering.allocate(op->getResult(0));
  lowering.fill(loc, out, r.start(out.element()));
  lowering.loop(loc, axesOf(x.getType()), x, {}, out, [&](OpBuilder& in, ValueRange elements, Value total) {
    OperationState state(loc, isa<FloatType>(total.getType()) ? r.onFloat : r.onInt);
    state.addOperands({total, elements[0]});
    state.addTypes(total.getType());
    return in.create(state)->getResult(0);
  });
  return out;
}

LogicalResult lowerAny(const Reduction& r, RowWise op, Lowering& lowering) {
  if (!op.alongAxis().empty()) return lowerRow(op, lowering);
  lowerReduction(r, op, lowering);
  return success();
}

}  // namespace

LogicalResult SumOp::inferReturnTypes(MLIRContext*, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type>& t) {
  return infer(loc, getOperationName(), a.getX(), a.getAxes(), t);
}
SmallVector<Reference> SumOp::evaluate(ArrayRef<Reference> x, Evaluation& e) { return {reduce(sums, *this, x[0], e)}; }
LogicalResult SumOp::lower(Lowering& lowering) { return lowerAny(sums, *this, lowering); }
StringRef SumOp::alongAxis() { return ir::alongAxis(getAxes()); }
RowElement SumOp::lowerRow(Rows& rows) { return reduceRow(sums, getX(), rows); }

LogicalResult AmaxOp::inferReturnTypes(MLIRContext*, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type>& t) {
  return infer(loc, getOperationName(), a.getX(), a.getAxes(), t);
}
SmallVector<Reference> AmaxOp::evaluate(ArrayRef<Reference> x, Evaluation& e) {
  return {reduce(maxima, *this, x[0], e)};
}
LogicalResult AmaxOp::lower(Lowering& lowering) { return lowerAny(maxima, *this, lowering); }
StringRef AmaxOp::alongAxis() { return ir::alongAxis(getAxes()); }
RowElement AmaxOp::lowerRow(Rows& rows) { return reduceRow(maxima, getX(), rows); }

LogicalResult AminOp::inferReturnTypes(MLIRContext*, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type>& t) {
  return infer(loc, getOperationName(), a.getX(), a.getAxes(), t);
}
SmallVector<Reference> AminOp::evaluate(ArrayRef<Reference> x, Evaluation& e) {
  return {reduce(minima, *this, x[0], e)};
}
LogicalResult AminOp::lower(Lowering& lowering) { return lowerAny(minima, *this, lowering); }
StringRef AminOp::alongAxis() { return ir::alongAxis(getAxes()); }
RowElement AminOp::lowerRow(Rows& rows) { return reduceRow(minima, getX(), rows); }

LogicalResult MeanOp::inferReturnTypes(MLIRContext*, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type>& t) {
  if (!isa<FloatType>(elementOf(a.getX().getType())))
    return emitOptionalError(loc, "heed.mean: is not defined for ", elementOf(a.getX().getType()), "; cast to f32?");
  return infer(loc, getOperationName(), a.getX(), a.getAxes(), t);
}

SmallVector<Reference> MeanOp::evaluate(ArrayRef<Reference> x, Evaluation& e) {
  Reference out = reduce(sums, *this, x[0], e);
  double count = 1;
  for (StringRef axis : namesOf(getAxes())) count *= x[0].extent(axis);
  for (double& total : out.data) total /= count;
  return {out};
}

/// The number of elements of each mean.
static Value countOf(MeanOp op, Lowering& lowering, Type type) {
  OpBuilder& b = lowering.b;
  Value count = arith::ConstantIndexOp::create(b, op.getLoc(), 1);
  for (StringRef axis : namesOf(op.getAxes()))
    count = arith::MulIOp::create(b, op.getLoc(), count, lowering.extent(*findAxis(axesOf(op.getX().getType()), axis)));
  Value wide = arith::IndexCastOp::create(b, op.getLoc(), b.getI64Type(), count);
  return arith::SIToFPOp::create(b, op.getLoc(), type, wide);
}

LogicalResult MeanOp::lower(Lowering& lowering) {
  if (!alongAxis().empty()) return ir::lowerRow(*this, lowering);
  Buffer out = lowerReduction(sums, *this, lowering);
  Value count = countOf(*this, lowering, out.element());
  lowering.loop(getLoc(), axesOf(getType()), {}, {}, out, [&](OpBuilder& in, ValueRange, Value total) -> Value {
    return arith::DivFOp::create(in, getLoc(), total, count);
  });
  return success();
}

StringRef MeanOp::alongAxis() { return ir::alongAxis(getAxes()); }

RowElement MeanOp::lowerRow(Rows& rows) {
  Value count = countOf(*this, rows.lowering, rows.lowering.b.getF32Type());
  return [=, sum = reduceRow(sums, getX(), rows)](RowRegion& in) -> Value {
    return arith::DivFOp::create(in.b, in.loc, sum(in), count);
  };
}

}  // namespace heed::ir
