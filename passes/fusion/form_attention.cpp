// The pass: for each site, absorb, peel the mask, write heed.attention; then what else read the softmax.
//
// Invariant: every softmax that is left has a remark, and so has what weighs like one. Test:
// tests/passes/fusion/form_attention.mlir.
#include "heed/passes/fusion/distribute.h"
#include "heed/passes/fusion/exponentials.h"
#include "heed/passes/fusion/passes.h"
#include "heed/passes/fusion/remark.h"
#include "heed/passes/fusion/second_users.h"

namespace heed::fusion {
#define GEN_PASS_DEF_FORMATTENTION
#include "heed/passes/fusion/passes.h.inc"
namespace {

using namespace mlir;

/// What one choice of the row axis gives.
struct Attempt {
  StringRef row;
  std::unique_ptr<Absorption> absorption;
  Value score, weight;
};

Attempt attempt(const Site& site, StringRef row) {
  Attempt a{row, std::make_unique<Absorption>(row, site.key, site.softmax, site.weights.axes()), {}, {}};
  a.score = a.absorption->score(site.scores);
  a.weight = a.absorption->weight(site.weights);
  return a;
}

/// The row axis with which the least of rows x keys elements is read from memory.
Attempt bestAttempt(const Site& site) {
  SmallVector<StringRef> rows = rowCandidates(site);
  if (rows.empty()) return attempt(site, "");
  Attempt best = attempt(site, rows[0]);
  for (StringRef row : ArrayRef(rows).drop_front()) {
    if (best.absorption->refusals.empty()) break;
    Attempt other = attempt(site, row);
    if (other.absorption->refusals.size() < best.absorption->refusals.size()) best = std::move(other);
  }
  // No similarity at all: the keys vary along every such axis, so each query has keys of its own.
  if (best.absorption->refusals.empty() || !best.absorption->similarities.empty()) return best;
  Attempt single = attempt(site, "");
  for (Similarity& similarity : single.absorption->similarities)
    for (const Renamed& operand : similarity.operands)
      if (operand.has(site.key) && operand.has(rows[0]) && productOf(operand))
        single.absorption->refusals.push_back(
            {operand.value.getLoc(), "these scores of `" + rows[0].str() + "` x `" + site.key.str() +
                                         "` are stored in full, because other scores are sums of them"});
  return single;
}

Formed form(const Site& site) {
  Attempt a = bestAttempt(site);
  Peeled score = peelMask(*a.absorption, a.score);
  OpBuilder b(site.contraction);
  Formed formed = assemble(b, site, *a.absorption, a.row, score, a.weight);

  Value result = formed.attention.getOut();
  Location loc = site.contraction->getLoc();
  if (!site.alsoSummed.empty()) {
    ir::Axes rest = ir::without(ir::axesOf(result.getType()), site.alsoSummed);
    result = ir::SumOp::create(b, loc, ir::tensorOf(b.getF32Type(), rest), result, b.getStrArrayAttr(site.alsoSummed));
  }
  result = withoutSingleRow(b, formed, result);
  Type type = site.stored.getType();
  if (ir::elementOf(type) != ir::elementOf(result.getType()))
    result = ir::CastOp::create(b, loc, result, ir::elementOf(type));
  if (result.getType() != type) result = ir::PermuteOp::create(b, loc, type, result);
  Value(site.stored).replaceAllUsesWith(result);

  ir::AttentionOp op = formed.attention;
  size_t similarities = op.getBodies().size(), captures = op.getCaptures().size();
  auto count = [](size_t n, const char* one, const char* many) {
    return std::to_string(n) + " " + (n == 1 ? one : many);
  };
  emitRemark(loc) << "fused: " << describe(site.softmax.op()) << " into one attention kernel, rows along `"
                  << op.getRow() << "`, keys along `" << op.getKey() << "`, "
                  << count(similarities, "similarity", "similarities") << ", " << count(captures, "capture", "captures")
                  << (op.getKeep().empty() ? "" : ", masked");
  for (const auto& [place, why] : llvm::concat<Absorption::Refusal>(a.absorption->refusals, a.absorption->given))
    emitRemark(place) << "not fused: " << why;
  return formed;
}

struct FormAttention : impl::FormAttentionBase<FormAttention> {
  void runOnOperation() override {
    eraseDead(getOperation());
    distributeContractions(getOperation());
    eraseDead(getOperation());
    SmallVector<Operation*> contractions;
    getOperation().walk([&](Operation* op) { contractions.push_back(op); });
    std::vector<Formed> all;
    for (Operation* op : contractions)
      if (std::optional<Site> site = findSite(op)) all.push_back(form(*site));
    serveSecondUsers(getOperation(), all);
    getOperation().walk([](ir::SoftmaxOp softmax) {
      emitRemark(softmax.getLoc()) << "not fused: " << describe(softmax) << " over `" << softmax.getAxis() << "` "
                                   << whyUnfused(softmax);
    });
    remarkExponentials(getOperation());
  }
};

}  // namespace
}  // namespace heed::fusion
