// Softmax written by hand becomes heed.softmax: exp(x) / sum(exp(x)), with the maximum taken off or not, divided before
// or after the contraction. Left alone are masks on the exponentials, for what they hide is not -inf, and
// exp(x - logsumexp(x)), by which formulas say that they mean no attention (nn::MixtureOfExperts).
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

bool isExponential(Value x) {
  Operation* op = x.getDefiningOp();
  if (!op) return false;
  return isa<ir::ExpOp>(op) || (isa<ir::PermuteOp, ir::AlongOp, ir::RenameOp>(op) && isExponential(op->getOperand(0)));
}

/// a, where x is exp(a).
Value exponentOf(OpBuilder& b, Value x) {
  Operation* op = x.getDefiningOp();
  if (isa<ir::ExpOp>(op)) return op->getOperand(0);
  Operation* layout = b.clone(*op);
  layout->setOperand(0, exponentOf(b, op->getOperand(0)));
  return layout->getResult(0);
}

/// The axis along which `total` is reduced from `terms`: all axes under the names of the op that reads both.
template <class Reduction>
std::optional<StringRef> axisOfTotal(Value total, Value terms) {
  Renamed seen = throughLayout({total});
  auto reduction = dyn_cast_or_null<Reduction>(seen.op());
  if (!reduction || reduction.getAxes().size() != 1) return std::nullopt;
  StringRef axis = ir::namesOf(reduction.getAxes()).front();
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
    patterns.add<NormalizedExponentials, NormalizedProduct, MaximumTakenOff>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns)))) signalPassFailure();
  }
};

}  // namespace
}  // namespace heed::fusion
