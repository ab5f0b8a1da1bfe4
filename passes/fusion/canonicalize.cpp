// Folding what can be known while compiling. The identities themselves are in scalars.cpp.
//
// Invariant: a pattern never changes a result but in the last bit of a rounded constant.
// Test: tests/passes/fusion/canonicalize.mlir.
#include "heed/passes/fusion/passes.h"
#include "heed/passes/fusion/scalars.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace heed::fusion {
#define GEN_PASS_DEF_CANONICALIZE
#include "heed/passes/fusion/passes.h.inc"
namespace {

using namespace mlir;

struct DropIdentity : OpInterfaceRewritePattern<ir::Elementwise> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;
  LogicalResult matchAndRewrite(ir::Elementwise op, PatternRewriter& rewriter) const override {
    Value same = op->getNumOperands() ? identityOf(op, op->getOperands()) : Value();
    if (!same) return rewriter.notifyMatchFailure(op, "it computes something");
    Type type = op->getResult(0).getType();
    if (same.getType() != type) {
      if (!ir::sameAxes(same.getType(), type))
        return rewriter.notifyMatchFailure(op, "the value repeats along an axis that only the result has");
      same = ir::PermuteOp::create(rewriter, op.getLoc(), type, same);
    }
    rewriter.replaceOp(op, same);
    return success();
  }
};

/// cast has no folder of its own.
struct FoldCast : OpRewritePattern<ir::CastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::CastOp op, PatternRewriter& rewriter) const override {
    std::optional<double> number = constantOf(op.getX());
    if (!number) return rewriter.notifyMatchFailure(op, "the operand is not constant");
    double value = cast<ir::Elementwise>(op.getOperation()).scalarMeaning()(&*number);
    rewriter.replaceOpWithNewOp<ir::ConstantOp>(op, op.getType(), value);
    return success();
  }
};

struct DivisionToProduct : OpRewritePattern<ir::DivOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::DivOp op, PatternRewriter& rewriter) const override {
    Value divisor = op.getRhs();
    std::optional<double> number = constantOf(divisor);
    auto factor = number && isa<FloatType>(ir::elementOf(op.getType())) ? exactReciprocal(*number) : std::nullopt;
    if (!factor) return rewriter.notifyMatchFailure(op, "the divisor has no exact reciprocal");
    Value c = ir::ConstantOp::create(rewriter, op.getLoc(), divisor.getType(), *factor);
    rewriter.replaceOpWithNewOp<ir::MulOp>(op, op.getType(), op.getLhs(), c);
    return success();
  }
};

/// A constant repeated is the constant wherever broadcasting gives it the axis anyway.
struct ConstantAlong : OpInterfaceRewritePattern<ir::Elementwise> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;
  LogicalResult matchAndRewrite(ir::Elementwise op, PatternRewriter& rewriter) const override {
    Type type = op->getResult(0).getType();
    for (OpOperand& operand : op->getOpOperands()) {
      Value behind = throughLayout({operand.get()}).value;
      if (behind == operand.get() || !constantOf(behind)) continue;
      ir::Axes others;
      for (OpOperand& other : op->getOpOperands())
        if (&other != &operand) (void)ir::unite(std::nullopt, "", others, ir::axesOf(other.get().getType()));
      if (!ir::sameAxes(ir::tensorOf(ir::elementOf(type), others), type)) continue;
      rewriter.modifyOpInPlace(op, [&] { operand.set(behind); });
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no operand is a repeated constant");
  }
};

struct MergeRenames : OpRewritePattern<ir::RenameOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::RenameOp op, PatternRewriter& rewriter) const override {
    auto before = op.getX().getDefiningOp<ir::RenameOp>();
    Value x = before ? before.getX() : op.getX();
    StringRef from = before ? before.getFrom() : op.getFrom();
    if (before && before.getTo() != op.getFrom()) return rewriter.notifyMatchFailure(op, "it renames another axis");
    if (from == op.getTo() && x.getType() == op.getType()) {
      rewriter.replaceOp(op, x);
      return success();
    }
    if (!before || ir::has(ir::axesOf(x.getType()), op.getTo()))
      return rewriter.notifyMatchFailure(op, "it does not continue another rename");
    rewriter.replaceOpWithNewOp<ir::RenameOp>(op, op.getType(), before.getX(), before.getFromAttr(), op.getToAttr());
    return success();
  }
};

struct MergePermutes : OpRewritePattern<ir::PermuteOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::PermuteOp op, PatternRewriter& rewriter) const override {
    auto before = op.getX().getDefiningOp<ir::PermuteOp>();
    if (!before) return rewriter.notifyMatchFailure(op, "it does not continue another permute");
    rewriter.replaceOpWithNewOp<ir::PermuteOp>(op, op.getType(), before.getX());
    return success();
  }
};

/// Axes that do not lie side by side are brought together by a transposition of its own, which the op that gives them
/// may take over.
struct PartsTogether : OpRewritePattern<ir::MergeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::MergeOp op, PatternRewriter& rewriter) const override {
    Type type = op.getX().getType();
    ir::Axes axes = ir::axesOf(type), order;
    SmallVector<StringRef> parts = ir::namesOf(op.getParts());
    for (const ir::Axis& axis : ir::without(axes, parts)) order.push_back(axis);
    for (StringRef part : parts) order.push_back(*ir::findAxis(axes, part));
    auto names = ir::namesOf(axes);
    auto first = llvm::find(names, parts.front()) - names.begin();
    if (ArrayRef(names).drop_front(first).take_front(parts.size()) == ArrayRef(parts))
      return rewriter.notifyMatchFailure(op, "its axes lie side by side");
    Type ordered = ir::tensorOf(ir::elementOf(type), order);
    Value x = ir::PermuteOp::create(rewriter, op.getLoc(), ordered, op.getX());
    rewriter.modifyOpInPlace(op, [&] { op.getXMutable().set(x); });
    return success();
  }
};

struct Canonicalize : impl::CanonicalizeBase<Canonicalize> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<DropIdentity, FoldCast, DivisionToProduct, ConstantAlong, MergeRenames, MergePermutes,
                 PartsTogether>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns)))) return signalPassFailure();
    IRRewriter rewriter(&getContext());
    DominanceInfo dominance;
    eliminateCommonSubExpressions(rewriter, dominance, getOperation());
  }
};

}  // namespace
}  // namespace heed::fusion
