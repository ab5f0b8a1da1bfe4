// Writing heed.attention. Test: tests/passes/fusion/form_attention.mlir.
#include "heed/passes/fusion/assemble.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace heed::fusion {
namespace {

/// Cuts regions out of the scalar program.
struct Cutter {
  Absorption& absorption;
  SmallVector<Value> captures = {};     // those that are kept
  SmallVector<unsigned> position = {};  // among them, of each capture of the program

  /// The ops that `root` needs, and the arguments they read.
  llvm::SmallPtrSet<Operation*, 32> slice(Value root, llvm::SmallPtrSetImpl<Value>& arguments) {
    llvm::SmallPtrSet<Operation*, 32> needed;
    SmallVector<Value> left{root};
    while (!left.empty()) {
      Value x = left.pop_back_val();
      if (isa<BlockArgument>(x))
        arguments.insert(x);
      else if (needed.insert(x.getDefiningOp()).second)
        llvm::append_range(left, x.getDefiningOp()->getOperands());
    }
    return needed;
  }

  void keepCaptures(OpBuilder& b, ValueRange roots) {
    llvm::SmallPtrSet<Value, 16> arguments;
    for (Value root : roots)
      if (root) slice(root, arguments);
    position.resize(absorption.captures.size());
    for (BlockArgument argument : absorption.program().getArguments()) {
      Source source = absorption.source(argument);
      if (source.kind != Source::capture || !arguments.contains(argument)) continue;
      position[source.index] = captures.size();
      captures.push_back(materialise(b, absorption.captures[source.index]));
    }
  }

  /// A region of `scores` scores (or the weight) and all captures that yields `root`.
  void cut(Value root, unsigned scores, Region& into) {
    Block& block = into.emplaceBlock();
    Location loc = root.getLoc();
    OpBuilder b = OpBuilder::atBlockEnd(&block);
    for (unsigned i = 0; i < scores; ++i) block.addArgument(b.getF32Type(), loc);
    for (Value capture : captures) block.addArgument(ir::elementOf(capture.getType()), capture.getLoc());
    llvm::SmallPtrSet<Value, 16> arguments;
    auto needed = slice(root, arguments);
    IRMapping map;
    for (Value v : arguments) {
      auto argument = cast<BlockArgument>(v);
      Source source = absorption.source(argument);
      unsigned at = source.kind == Source::capture ? scores + position[source.index] : source.index;
      map.map(argument, block.getArgument(at));
    }
    for (Operation& op : absorption.program())
      if (needed.contains(&op)) b.clone(op, map);
    ir::YieldOp::create(b, loc, map.lookup(root));
  }
};

/// x repeated along a new axis of extent 1.
Value alongOne(OpBuilder& b, Value x, StringRef axis) {
  ir::Axes axes = ir::axesOf(x.getType());
  axes.insert(axes.begin(), ir::Axis{axis, 1, ""});
  Type type = ir::tensorOf(ir::elementOf(x.getType()), axes);
  return ir::AlongOp::create(b, x.getLoc(), type, x, b.getStringAttr(axis));
}

}  // namespace

Formed assemble(OpBuilder& b, const Site& site, Absorption& absorption, StringRef row, const Peeled& score,
                Value weight) {
  Location loc = site.contraction->getLoc();
  ir::Axes scoreAxes = site.weights.axes(), axes;
  bool single = row.empty();
  if (single) {
    std::string name = "row";
    auto summed = [&](const Similarity& s) { return llvm::is_contained(s.contracted, name); };
    while (ir::has(scoreAxes, name) || site.value.has(name) || llvm::any_of(absorption.similarities, summed))
      name += "_";
    row = b.getStringAttr(name).getValue();
    scoreAxes.push_back({row, 1, ""});
  }

  SmallVector<Value> similar;
  SmallVector<int64_t> owner;
  SmallVector<Attribute> contracted;
  for (auto [n, similarity] : llvm::enumerate(absorption.similarities)) {
    contracted.push_back(b.getStrArrayAttr(similarity.contracted));
    for (const Renamed& operand : similarity.operands) {
      Value x = materialise(b, operand);
      similar.push_back(single && !operand.has(site.key) ? alongOne(b, x, row) : x);
      owner.push_back(n);
      (void)ir::unite(loc, "attention", axes, ir::without(ir::axesOf(similar.back().getType()), similarity.contracted));
    }
  }
  Cutter cutter{absorption};
  cutter.keepCaptures(b, {score.score, score.keep, weight});
  for (Value capture : cutter.captures) (void)ir::unite(loc, "attention", axes, ir::axesOf(capture.getType()));
  // An axis that no operand has is brought by a capture of its own positions.
  for (const ir::Axis& axis : scoreAxes)
    if (!ir::has(axes, axis.name))
      cutter.captures.push_back(
          ir::IndexOp::create(b, loc, ir::tensorOf(b.getI32Type(), axis), b.getStringAttr(axis.name)));

  ir::Axes out = ir::axesOf(site.stored.getType());
  for (const ir::Axis& axis : llvm::concat<const ir::Axis>(scoreAxes, site.value.axes()))
    if (axis.name != site.key && !ir::has(out, axis.name)) out.insert(out.begin(), axis);
  Type f32 = b.getF32Type();
  Type stored = site.alsoSummed.empty() ? ir::elementOf(site.stored.getType()) : f32;
  auto attention = ir::AttentionOp::create(
      b, loc, ir::tensorOf(stored, out), ir::tensorOf(f32, ir::without(scoreAxes, site.key)), similar, cutter.captures,
      materialise(b, site.value), ValueRange{}, b.getDenseI64ArrayAttr(owner), b.getArrayAttr(contracted),
      b.getStringAttr(row), b.getStringAttr(site.key), absorption.similarities.size());
  for (auto [n, similarity] : llvm::enumerate(absorption.similarities))
    attention.getBodies()[n].takeBody(*similarity.body);
  cutter.cut(score.score, absorption.similarities.size(), attention.getPost());
  if (score.keep) cutter.cut(score.keep, 0, attention.getKeep());
  if (!isa<BlockArgument>(weight)) cutter.cut(weight, 1, attention.getWeigh());
  return {attention, site, single};
}

Value withoutSingleRow(OpBuilder& b, const Formed& formed, Value result) {
  if (!formed.single) return result;
  ir::AttentionOp op = formed.attention;
  ir::Axes axes = ir::without(ir::axesOf(result.getType()), op.getRow());
  Type type = ir::tensorOf(ir::elementOf(result.getType()), axes);
  // The row is outermost: joined with a static axis it is gone without a copy.
  if (!axes.empty() && axes.front().isStatic())
    return ir::MergeOp::create(b, op.getLoc(), type, result, b.getStrArrayAttr({op.getRow(), axes.front().name}),
                               b.getStringAttr(axes.front().name));
  return ir::SumOp::create(b, op.getLoc(), type, result, b.getStrArrayAttr(op.getRow()));
}

void dropLse(ir::AttentionOp op) {
  OpBuilder b(op);
  auto slim = ir::AttentionOp::create(b, op.getLoc(), op.getOut().getType(), Type(), op.getSimilar(), op.getCaptures(),
                                      op.getValue(), op.getInitial(), op.getSimilarityAttr(), op.getContractedAttr(),
                                      op.getRowAttr(), op.getKeyAttr(), op.getBodies().size());
  for (auto [from, to] : llvm::zip(op->getRegions(), slim->getRegions())) to.takeBody(from);
  op.getOut().replaceAllUsesWith(slim.getOut());
  op.erase();
}

}  // namespace heed::fusion
