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

/// The largest along `axis` (0 where all are -inf) and the sum of exp(x - max).
static std::pair<Buffer, Buffer> lowerRows(Location loc, Value x, const Buffer& in, ArrayRef<Axis> rest,
                                           Lowering& lowering) {
  Type element = elementOf(x.getType());
  Axes all = axesOf(x.getType());
  Buffer max = lowering.allocate(loc, rest, element), sum = lowering.allocate(loc, rest, element);
  lowering.fill(loc, max, -INFINITY);
  lowering.loop(loc, all, {}, in, max, [&](OpBuilder& b, ValueRange e, Value m) -> Value {
    return arith::MaximumFOp::create(b, loc, m, e[0]);
  });
  lowering.loop(loc, rest, {}, {}, max, [&](OpBuilder& b, ValueRange, Value m) -> Value {
    Value lowest = arith::ConstantOp::create(b, loc, numberAttr(element, -INFINITY));
    Value none = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, m, lowest);
    return arith::SelectOp::create(b, loc, none, arith::ConstantOp::create(b, loc, numberAttr(element, 0)), m);
  });
  lowering.fill(loc, sum, 0);
  return {max, sum};
}

static Value exponential(OpBuilder& b, Location loc, Value x, Value max) {
  return math::ExpOp::create(b, loc, arith::SubFOp::create(b, loc, x, max));
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

LogicalResult SoftmaxOp::lower(Lowering& lowering) {
  Location loc = getLoc();
  Axes all = axesOf(getX().getType());
  Buffer in = lowering.buffer(getX()), out = lowering.allocate(getResult());
  auto [max, sum] = lowerRows(loc, getX(), in, without(all, getAxis()), lowering);
  lowering.loop(loc, all, {}, {in, max}, out,
                [&](OpBuilder& b, ValueRange e, Value) { return exponential(b, loc, e[0], e[1]); });
  lowering.loop(loc, all, {}, out, sum,
                [&](OpBuilder& b, ValueRange e, Value s) -> Value { return arith::AddFOp::create(b, loc, s, e[0]); });
  // Only a row that is -inf throughout sums to 0: any other has its own maximum, which counts 1.
  lowering.loop(loc, all, {}, sum, out, [&](OpBuilder& b, ValueRange e, Value x) -> Value {
    Value zero = arith::ConstantOp::create(b, loc, numberAttr(x.getType(), 0));
    Value none = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, e[0], zero);
    return arith::SelectOp::create(b, loc, none, zero, arith::DivFOp::create(b, loc, x, e[0]));
  });
  return success();
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

LogicalResult LogsumexpOp::lower(Lowering& lowering) {
  Location loc = getLoc();
  Axes all = axesOf(getX().getType()), rest = without(all, getAxis());
  Buffer in = lowering.buffer(getX()), out = lowering.allocate(getResult());
  auto [max, sum] = lowerRows(loc, getX(), in, rest, lowering);
  lowering.loop(loc, all, {}, {in, max}, sum, [&](OpBuilder& b, ValueRange e, Value s) -> Value {
    return arith::AddFOp::create(b, loc, s, exponential(b, loc, e[0], e[1]));
  });
  lowering.loop(loc, rest, {}, {max, sum}, out, [&](OpBuilder& b, ValueRange e, Value) -> Value {
    return arith::AddFOp::create(b, loc, e[0], math::LogOp::create(b, loc, e[1]));
  });
  return success();
}

}  // namespace heed::ir
