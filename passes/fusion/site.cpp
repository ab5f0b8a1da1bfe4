// Finding attention. Test: tests/passes/fusion/form_attention.mlir.
#include "heed/passes/fusion/site.h"

#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;

namespace heed::fusion {

/// Adds the softmaxes over one of `axes` from which x is made, pointwise.
static void collectSoftmaxes(const Renamed& seen, ArrayRef<StringRef> axes, llvm::SmallPtrSetImpl<Value>& visited,
                             SmallVectorImpl<Renamed>& found) {
  Renamed x = throughLayout(seen);
  if (!x.op() || !visited.insert(x.value).second) return;
  if (auto softmax = dyn_cast<ir::SoftmaxOp>(x.op())) {
    if (llvm::is_contained(axes, x.name(softmax.getAxis()))) found.push_back(x);
  } else if (isa<ir::Elementwise>(x.op())) {
    for (Value operand : x.op()->getOperands()) collectSoftmaxes(x.operand(operand), axes, visited, found);
  }
}

/// V behind the layout ops that bring no axis of their own to the result.
static Renamed valueBehind(const Renamed& value, ArrayRef<ir::Axis> scores) {
  Renamed behind = throughLayout(value);
  bool same =
      llvm::all_of(value.axes(), [&](const ir::Axis& a) { return behind.has(a.name) || ir::has(scores, a.name); });
  return same ? behind : value;
}

std::optional<Site> findSite(Operation* contraction) {
  if (!isa<ir::ContractOp, ir::SumOp>(contraction)) return std::nullopt;
  std::optional<Product> product = productOf(Renamed{contraction->getResult(0)});
  if (product->factors.size() != 2) return std::nullopt;
  for (unsigned side : {0, 1}) {
    Renamed weights = product->factors[side], value = product->factors[1 - side];
    llvm::SmallPtrSet<Value, 16> visited;
    SmallVector<Renamed> found;
    collectSoftmaxes(weights, product->axes, visited, found);
    // In another block it is computed once for many contractions: fusing would compute it again for each.
    if (found.size() != 1 || found[0].op()->getBlock() != contraction->getBlock()) continue;
    auto softmax = found[0].value.getDefiningOp<ir::SoftmaxOp>();
    StringRef key = found[0].name(softmax.getAxis());
    value = valueBehind(value, found[0].axes());
    if (!value.has(key)) continue;
    Site site{contraction, found[0], found[0].operand(softmax.getX()), weights, value, key, product->axes};
    llvm::erase(site.alsoSummed, key);
    return site;
  }
  return std::nullopt;
}

SmallVector<StringRef> rowCandidates(const Site& site) {
  ir::Axes rows = site.scores.axes();
  std::reverse(rows.begin(), rows.end());
  llvm::erase_if(rows, [&](const ir::Axis& a) { return a.name == site.key || site.value.has(a.name); });
  llvm::stable_sort(rows, [](const ir::Axis& l, const ir::Axis& r) {
    return l.isStatic() != r.isStatic() ? r.isStatic() : l.isStatic() && l.extent > r.extent;
  });
  return ir::namesOf(rows);
}

}  // namespace heed::fusion
