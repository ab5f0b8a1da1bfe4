// Other users of fused scores. Test: tests/passes/fusion/second_users.mlir.
#include "heed/passes/fusion/second_users.h"

#include "heed/passes/fusion/remark.h"
#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/IR/Iterators.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace heed::fusion {
namespace {

ir::SoftmaxOp softmaxOf(const Formed& f) { return f.site.softmax.value.getDefiningOp<ir::SoftmaxOp>(); }

/// The scores that an op reduces along an axis: the same for a softmax and its logsumexp.
struct Scores {
  Value x;
  StringRef axis;
  Block* block;
  bool operator==(const Scores&) const = default;
};

/// The lse as the graph names its axes; null where the kernel's scores have axes that the softmax does not.
Value lseOf(OpBuilder& b, const Formed& formed, Type like) {
  ir::AttentionOp attention = formed.attention;
  Value lse = withoutSingleRow(b, formed, attention.getLse());
  Renamed own{lse};
  for (auto [from, to] : formed.site.scores.names)
    if (ir::has(ir::axesOf(lse.getType()), to)) own.names.emplace_back(to, from);
  lse = materialise(b, own);
  if (ir::elementOf(like) != b.getF32Type()) lse = ir::CastOp::create(b, lse.getLoc(), lse, ir::elementOf(like));
  return ir::PermuteOp::create(b, lse.getLoc(), like, lse);
}

bool knowsLse(const Formed& f) { return f.site.weights.axes().size() == f.site.scores.axes().size(); }

}  // namespace

void eraseDead(Operation* root) {
  root->walk<WalkOrder::PostOrder, ReverseIterator>([](Operation* op) {
    if (isOpTriviallyDead(op)) op->erase();
  });
}

void serveSecondUsers(Operation* root, MutableArrayRef<Formed> all) {
  SmallVector<std::pair<Scores, Formed*>> known;
  for (Formed& f : all)
    if (ir::SoftmaxOp s = softmaxOf(f); knowsLse(f) && s->getBlock() == f.attention->getBlock())
      known.push_back({{s.getX(), s.getAxis(), s->getBlock()}, &f});
  eraseDead(root);
  auto find = [&](Value x, StringRef axis, Operation* op) -> Formed* {
    for (auto& [scores, formed] : known)
      if (scores == Scores{x, axis, op->getBlock()}) return formed;
    return nullptr;
  };

  // Not the weights: exp(score - lse) loses all digits where a finite fill makes the lse -1e9.
  SmallVector<ir::LogsumexpOp> users;
  root->walk([&](Operation* op) {
    if (auto logsumexp = dyn_cast<ir::LogsumexpOp>(op)) users.push_back(logsumexp);
  });
  llvm::SmallPtrSet<Block*, 4> unsorted;
  for (ir::LogsumexpOp op : users) {
    Formed* formed = find(op.getX(), op.getAxis(), op);
    if (!formed) continue;
    OpBuilder b(op);
    op.replaceAllUsesWith(lseOf(b, *formed, op.getType()));
    unsorted.insert(op->getBlock());
  }
  // The lse may be read before the contraction where the kernel now stands.
  for (Block* block : unsorted) sortTopologically(block);
  eraseDead(root);
  for (Formed& f : all)
    if (f.attention.getLse().use_empty()) dropLse(f.attention);
}

std::string whyUnfused(ir::SoftmaxOp softmax) {
  Operation* user = softmax->use_empty() ? nullptr : *softmax->getUsers().begin();
  std::string why = "is stored in full: ";
  if (!user) return why + "nothing reads it";
  if (isa<ir::Elementwise, ir::ContractOp, ir::SumOp>(user))
    return why + describe(user) + " does not end in a contraction of a multiple of this softmax alone over its axis";
  return why + describe(user) + " is no contraction over its axis";
}

}  // namespace heed::fusion
