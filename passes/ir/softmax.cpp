// softmax and logsumexp, not fused. Test: tests/passes/ir/reduce_test.cpp.
#include "heed/passes/ir/heed.h"
#include "heed/passes/ir/interpret.h"
#include "heed/passes/ir/lowering.h"

using namespace mlir;

namespace heed::ir {

static LogicalResult check(std::optional<Location> loc, StringRef op, Type x, StringRef axis) {
  if (!isa<FloatType>(elementOf(x)))
    return emitOptionalError(loc, op, ": is not defined for ", elementOf(x), "; cast to f32?");
  if (!has(axesOf(x), axis))
    return emitOptionalError(loc, op, ": the operand has axes ", describe(axesOf(x)), ", not ", axis);
  return success();
}

/// One row along an axis: its largest element, 0 in place of -inf so that exp(x - max) is 0 there, and the sum.
struct Row {
  double max = -INFINITY, sum = 0;
  Row(const double* x, int64_t step, int64_t count, const Evaluation& e) {
    for (int64_t i = 0; i < count; ++i) max = meaning::larger(max, x[i * step]);
    if (max == -INFINITY) max = 0;
    for (int64_t i = 0; i < count; ++i) sum = e.kept(sum + e.kept(std::exp(e.kept(x[i * step] - max))));
  }
};

/// Visits x row by row along `axis`, together with the same rows of `out`.
static void forEachRow(const Reference& x, StringRef axis, Reference& out,
                       function_ref<void(const double*, int64_t, int64_t, double*, int64_t)> visit) {
  std::vector<std::string> space;
  std::vector<int64_t> extents;
  for (const std::string& name : x.axes)
    if (name != axis) {
      space.push_back(name);
      extents.push_back(x.extent(name));
    }
  int64_t count = x.extent(axis), from = x.strides(axis.str())[0], to = out.strides(axis.str())[0];
  forEachRun(extents, {x.strides(space), out.strides(space)}, [&](const int64_t* at, const int64_t* step, int64_t n) {
    for (int64_t i = 0; i < n; ++i)
      visit(x.data.data() + at[0] + i * step[0], from, count, out.data.data() + at[1] + i * step[1], to);
  });
}

/// The largest of a row, 0 where all are -inf; exp(x - that); and the sum of those.
struct LoweredRow {
  RowElement max, exponential, sum;
};

static LoweredRow addRow(Value x, Rows& rows) {
  Type type = elementOf(x.getType());
  RowElement largest = rows.reduce("arith.maximumf", type, [x](RowRegion& in) { return in(x); });
  RowElement max = [=](RowRegion& in) -> Value {
    Value m = largest(in), lowest = in.number(m.getType(), -INFINITY);
    Value none = arith::CmpFOp::create(in.b, in.loc, arith::CmpFPredicate::OEQ, m, lowest);
    return arith::SelectOp::create(in.b, in.loc, none, in.number(m.getType(), 0), m);
  };
  RowElement exponential = [=](RowRegion& in) -> Value {
    Value e = in(x), m = max(in);
    if (e.getType() != m.getType()) e = arith::ExtFOp::create(in.b, in.loc, m.getType(), e);
    return math::ExpOp::create(in.b, in.loc, arith::SubFOp::create(in.b, in.loc, e, m));
  };
  return {max, exponential, rows.reduce("arith.addf", type, exponential)};
}

// ---- softmax

LogicalResult SoftmaxOp::inferReturnTypes(MLIRContext*, std::optional<Location> loc, Adaptor a,
                                          SmallVectorImpl<Type>& types) {
  types.push_back(a.getX().getType());
  return check(loc, getOperationName(), a.getX().getType(), a.getAxis());
}

SmallVector<Reference> SoftmaxOp::evaluate(ArrayRef<Reference> x, Evaluation& e) {
  Reference out = blank(getType(), x);
  forEachRow(x[0], getAxis(), out, [&](const double* in, int64_t step, int64_t count, double* to, int64_t stride) {
    Row row(in, step, count, e);
    for (int64_t i = 0; i < count; ++i)
      to[i * stride] = row.sum == 0 ? 0 : e.kept(std::exp(e.kept(in[i * step] - row.max))) / row.sum;
  });
  return {out};
}

LogicalResult SoftmaxOp::lower(Lowering& lowering) { return ir::lowerRow(*this, lowering); }
StringRef SoftmaxOp::alongAxis() { return getAxis(); }

RowElement SoftmaxOp::lowerRow(Rows& rows) {
  LoweredRow row = addRow(getX(), rows);
  // Only a row that is -inf throughout sums to 0: any other has its own maximum, which counts 1.
  return [=](RowRegion& in) -> Value {
    Value sum = row.sum(in), zero = in.number(sum.getType(), 0);
    Value none = arith::CmpFOp::create(in.b, in.loc, arith::CmpFPredicate::OEQ, sum, zero);
    Value weight = arith::DivFOp::create(in.b, in.loc, row.exponential(in), sum);
    return arith::SelectOp::create(in.b, in.loc, none, zero, weight);
  };
}

// ---- logsumexp

LogicalResult LogsumexpOp::inferReturnTypes(MLIRContext*, std::optional<Location> loc, Adaptor a,
                                            SmallVectorImpl<Type>& types) {
  Type x = a.getX().getType();
  types.push_back(tensorOf(elementOf(x), without(axesOf(x), a.getAxis())));
  return check(loc, getOperationName(), x, a.getAxis());
}

SmallVector<Reference> LogsumexpOp::evaluate(ArrayRef<Reference> x, Evaluation& e) {
  Reference out = blank(getType(), x);
  forEachRow(x[0], getAxis(), out, [&](const double* in, int64_t step, int64_t count, double* to, int64_t) {
    Row row(in, step, count, e);
    *to = row.max + e.kept(std::log(row.sum));
  });
  return {out};
}

LogicalResult LogsumexpOp::lower(Lowering& lowering) { return ir::lowerRow(*this, lowering); }
StringRef LogsumexpOp::alongAxis() { return getAxis(); }

RowElement LogsumexpOp::lowerRow(Rows& rows) {
  LoweredRow row = addRow(getX(), rows);
  return [=](RowRegion& in) -> Value {
    return arith::AddFOp::create(in.b, in.loc, row.max(in), math::LogOp::create(in.b, in.loc, row.sum(in)));
  };
}

}  // namespace heed::ir
