// Softmax written by hand becomes heed.softmax: exp(x) / sum(exp(x)), with the maximum taken off or not, with masks on
// the scores or on their exponentials, divided before or after the contraction, or exp(x - logsumexp(x)).
//
// Invariant: the same numbers, but where the formula overflows, and where no key is left: it gives NaN, softmax 0.
// Test: tests/passes/fusion/form_softmax.mlir.
#include "heed/passes/fusion/passes.h"
#include "heed/passes/fusion/remark.h"
#include "heed/passes/fusion/renamed.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace heed::fusion {
#define GEN_PASS_DEF_FORMSOFTMAX
#include "heed/passes/fusion/passes.h.inc"
namespace {

using namespace mlir;

/// The mask whose cast to 0 and 1 the value is.
Value maskBehind(Value x) {
  auto cast = x.getDefiningOp<ir::CastOp>();
  return cast && ir::elementOf(cast.getX().getType()).isInteger(1) ? cast.getX() : Value();
}

/// exp(a), perhaps with 0 in place of some: the mask, what is masked, and whether the mask says which are 0.
struct Masked {
  Value mask, exponential;
  bool drops = false;
};

std::optional<Masked> maskedOf(Operation* op) {
  if (auto where = dyn_cast<ir::WhereOp>(op)) {
    Value yes = where->getOperand(1), no = where->getOperand(2);
    if (constantOf(Renamed{no}) == 0.0) return Masked{where->getOperand(0), yes};
    if (constantOf(Renamed{yes}) == 0.0) return Masked{where->getOperand(0), no, true};
  }
  if (isa<ir::MulOp>(op))
    for (unsigned side : {0, 1})
      if (Value mask = maskBehind(throughLayout({op->getOperand(side)}).value);
          mask && throughLayout({op->getOperand(side)}).names.empty())
        return Masked{mask, op->getOperand(1 - side)};
  return std::nullopt;
}

bool isExponential(Value x) {
  Operation* op = x.getDefiningOp();
  if (!op) return false;
  if (isa<ir::PermuteOp, ir::AlongOp, ir::RenameOp>(op)) return isExponential(op->getOperand(0));
  if (isa<ir::ExpOp>(op)) return true;
  std::optional<Masked> masked = maskedOf(op);
  return masked && isExponential(masked->exponential);
}

/// a, where x is exp(a); 0 is exp(-inf).
Value exponentOf(OpBuilder& b, Value x) {
  Operation* op = x.getDefiningOp();
  if (isa<ir::ExpOp>(op)) return op->getOperand(0);
  if (std::optional<Masked> masked = maskedOf(op)) {
    Value exponent = exponentOf(b, masked->exponential);
    Type scalar = ir::tensorOf(ir::elementOf(x.getType()), {});
    Value none = ir::ConstantOp::create(b, op->getLoc(), scalar, -std::numeric_limits<double>::infinity());
    if (masked->drops) std::swap(exponent, none);
    return ir::WhereOp::create(b, op->getLoc(), x.getType(), masked->mask, exponent, none);
  }
  Operation* layout = b.clone(*op);
  layout->setOperand(0, exponentOf(b, op->getOperand(0)));
  return layout->getResult(0);
}

/// The axis along which `total` is the sum of `terms`: all axes under the names of the op that reads both.
template <class Reduction>
std::optional<StringRef> axisOfTotal(Value total, Value terms) {
  Renamed seen = throughLayout({total});
  auto reduction = dyn_cast_or_null<Reduction>(seen.op());
  if (!reduction) return std::nullopt;
  StringRef axis;
  if constexpr (std::is_same_v<Reduction, ir::LogsumexpOp>) {
    axis = reduction.getAxis();
  } else {
    if (reduction.getAxes().size() != 1) return std::nullopt;
    axis = ir::namesOf(reduction.getAxes()).front();
  }
  Renamed of = throughLayout(seen.operand(reduction.getX(), {axis}));
  if (!(of == throughLayout({terms})) || !ir::has(ir::axesOf(terms.getType()), axis)) return std::nullopt;
  if (ir::has(ir::axesOf(total.getType()), axis)) return std::nullopt;
  return axis;
}

struct Ratio {
  Value over, under;
};

std::optional<Ratio> ratioOf(Operation* op) {
  if (isa<ir::DivOp>(op)) return Ratio{op->getOperand(0), op->getOperand(1)};
  if (isa<ir::MulOp>(op))
    for (unsigned side : {0, 1}) {
      auto inverse = throughLayout({op->getOperand(side)});
      auto division = dyn_cast_or_null<ir::DivOp>(inverse.op());
      if (division && inverse.names.empty() && constantOf(Renamed{division.getLhs()}) == 1.0)
        return Ratio{op->getOperand(1 - side), division.getRhs()};
    }
  return std::nullopt;
}

Value softmaxOf(PatternRewriter& rewriter, Location loc, Value x, StringRef axis) {
  emitRemark(loc) << "read as softmax over `" << axis << "`: where no key is left it gives 0, the formula NaN";
  return ir::SoftmaxOp::create(rewriter, loc, x.getType(), x, rewriter.getStringAttr(axis));
}

/// In place of an op whose result has the same axes, perhaps in another order.
LogicalResult replace(PatternRewriter& rewriter, Operation* op, Value by) {
  if (by.getType() != op->getResult(0).getType())
    by = ir::PermuteOp::create(rewriter, op->getLoc(), op->getResult(0).getType(), by);
  rewriter.replaceOp(op, by);
  return success();
}

/// exp(x) / sum(exp(x))
struct NormalizedExponentials : OpInterfaceRewritePattern<ir::Elementwise> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;
  LogicalResult matchAndRewrite(ir::Elementwise op, PatternRewriter& rewriter) const override {
    std::optional<Ratio> ratio = ratioOf(op);
    if (!ratio || !isExponential(ratio->over) || !ir::sameAxes(ratio->over.getType(), op->getResult(0).getType()))
      return rewriter.notifyMatchFailure(op, "it divides no exponentials");
    std::optional<StringRef> axis = axisOfTotal<ir::SumOp>(ratio->under, ratio->over);
    if (!axis) return rewriter.notifyMatchFailure(op, "it does not divide by their sum");
    return replace(rewriter, op, softmaxOf(rewriter, op.getLoc(), exponentOf(rewriter, ratio->over), *axis));
  }
};

/// contract(exp(x), v) / sum(exp(x))
struct NormalizedProduct : OpInterfaceRewritePattern<ir::Elementwise> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;
  LogicalResult matchAndRewrite(ir::Elementwise op, PatternRewriter& rewriter) const override {
    std::optional<Ratio> ratio = ratioOf(op);
    auto product = ratio ? ratio->over.getDefiningOp<ir::ContractOp>() : ir::ContractOp();
    if (!product || !product->hasOneUse() || !ir::sameAxes(product.getType(), op->getResult(0).getType()))
      return rewriter.notifyMatchFailure(op, "it divides no product");
    for (OpOperand& operand : product->getOpOperands()) {
      if (!isExponential(operand.get())) continue;
      std::optional<StringRef> axis = axisOfTotal<ir::SumOp>(ratio->under, operand.get());
      if (!axis || !llvm::is_contained(ir::namesOf(product.getAxes()), *axis)) continue;
      Value weights = softmaxOf(rewriter, op.getLoc(), exponentOf(rewriter, operand.get()), *axis);
      rewriter.modifyOpInPlace(product, [&] { operand.set(weights); });
      rewriter.moveOpBefore(product, op);
      return replace(rewriter, op, product);
    }
    return rewriter.notifyMatchFailure(op, "no factor is made of exponentials that the divisor sums");
  }
};

/// exp(x - logsumexp(x))
struct ExponentialOfLogSoftmax : OpRewritePattern<ir::ExpOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::ExpOp op, PatternRewriter& rewriter) const override {
    auto difference = op->getOperand(0).getDefiningOp<ir::SubOp>();
    if (!difference || !ir::sameAxes(difference.getLhs().getType(), op.getType()))
      return rewriter.notifyMatchFailure(op, "nothing is subtracted");
    std::optional<StringRef> axis = axisOfTotal<ir::LogsumexpOp>(difference.getRhs(), difference.getLhs());
    if (!axis) return rewriter.notifyMatchFailure(op, "it is no logsumexp of the same");
    return replace(rewriter, op, softmaxOf(rewriter, op.getLoc(), difference.getLhs(), *axis));
  }
};

/// softmax(x - max(x))
struct MaximumTakenOff : OpRewritePattern<ir::SoftmaxOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::SoftmaxOp op, PatternRewriter& rewriter) const override {
    auto difference = op.getX().getDefiningOp<ir::SubOp>();
    if (!difference || difference.getLhs().getType() != op.getX().getType())
      return rewriter.notifyMatchFailure(op, "nothing is subtracted");
    std::optional<StringRef> axis = axisOfTotal<ir::AmaxOp>(difference.getRhs(), difference.getLhs());
    if (axis != op.getAxis()) return rewriter.notifyMatchFailure(op, "it is not the maximum of the same");
    rewriter.modifyOpInPlace(op, [&] { op.getXMutable().set(difference.getLhs()); });
    return success();
  }
};

struct FormSoftmax : impl::FormSoftmaxBase<FormSoftmax> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<NormalizedExponentials, NormalizedProduct, ExponentialOfLogSoftmax, MaximumTakenOff>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns)))) signalPassFailure();
  }
};

}  // namespace
}  // namespace heed::fusion
