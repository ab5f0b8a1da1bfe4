// Finding attention. Test: tests/passes/fusion/form_attention.mlir.
#include "heed/passes/fusion/site.h"

#include "heed/passes/ir/made_of.h"

using namespace mlir;

namespace heed::fusion {

SmallVector<Renamed> pointwiseParts(const Renamed& whole, llvm::function_ref<bool(const Renamed&)> wanted) {
  llvm::SmallPtrSet<Value, 16> visited;
  SmallVector<Renamed> found;
  auto visit = [&](auto& visit, const Renamed& seen) -> void {
    Renamed x = throughLayout(seen);
    if (!x.op() || !visited.insert(x.value).second) return;
    if (wanted(x))
      found.push_back(x);
    else if (isa<ir::Elementwise>(x.op()))
      for (Value operand : x.op()->getOperands()) visit(visit, x.operand(operand));
  };
  visit(visit, whole);
  return found;
}

SmallVector<Renamed> softmaxesOver(ArrayRef<StringRef> axes, const Renamed& x) {
  return pointwiseParts(x, [&](const Renamed& part) {
    auto softmax = dyn_cast<ir::SoftmaxOp>(part.op());
    return softmax && llvm::is_contained(axes, part.name(softmax.getAxis()));
  });
}

static bool dependsOn(const Renamed& x, Value part) {
  return ir::madeOf(
      x.value, [&](Value v) { return v == part; },
      [](Operation* op) { return isa<ir::Elementwise, ir::RenameOp>(op); });
}

bool isMultiple(const Renamed& seen, Value part) {
  Renamed x = throughLayout(seen);
  if (x.value == part || constantOf(x) == 0.0) return true;
  if (!x.op()) return false;
  auto operand = [&](unsigned i) { return x.operand(x.op()->getOperand(i)); };
  auto free = [&](unsigned i) { return !dependsOn(operand(i), part); };
  auto multiple = [&](unsigned i) { return isMultiple(operand(i), part); };
  if (isa<ir::MulOp>(x.op())) return (multiple(0) && free(1)) || (free(0) && multiple(1));
  if (isa<ir::DivOp>(x.op())) return multiple(0) && free(1);
  if (isa<ir::NegOp>(x.op())) return multiple(0);
  if (isa<ir::AddOp, ir::SubOp>(x.op())) return multiple(0) && multiple(1);
  if (isa<ir::WhereOp>(x.op())) return free(0) && multiple(1) && multiple(2);
  return isa<ir::CastOp>(x.op()) && isa<FloatType>(ir::elementOf(x.value.getType())) && multiple(0);
}

/// A factor behind the layout ops that bring no axis which the others lack.
static Renamed factorBehind(const Renamed& factor, ArrayRef<ir::Axis> others, Renamed (*through)(Renamed)) {
  Renamed behind = through(factor);
  bool same =
      llvm::all_of(factor.axes(), [&](const ir::Axis& a) { return behind.has(a.name) || ir::has(others, a.name); });
  return same ? behind : factor;
}

/// x, or what a transposition or a cast to a narrower float makes of it, if nothing else reads x.
static Value asStored(Value x) {
  auto stores = [](Operation* op) {
    if (isa<ir::PermuteOp>(op)) return true;
    return isa<ir::CastOp>(op) && ir::elementOf(op->getOperand(0).getType()).isF32() &&
           isa<FloatType>(ir::elementOf(op->getResult(0).getType()));
  };
  while (x.hasOneUse() && stores(*x.user_begin())) x = x.user_begin()->getResult(0);
  return x;
}

std::optional<Site> findSite(Operation* contraction) {
  if (!isa<ir::ContractOp, ir::SumOp>(contraction)) return std::nullopt;
  std::optional<Product> product = productOf(Renamed{contraction->getResult(0)});
  if (product->factors.size() != 2) return std::nullopt;
  for (unsigned side : {0, 1}) {
    Renamed weights = product->factors[side], value = product->factors[1 - side];
    SmallVector<Renamed> found = softmaxesOver(product->axes, weights);
    // In another block it is computed once for many contractions: fusing would compute it again for each.
    if (found.size() != 1 || found[0].op()->getBlock() != contraction->getBlock()) continue;
    if (!isMultiple(weights, found[0].value)) continue;
    auto softmax = found[0].value.getDefiningOp<ir::SoftmaxOp>();
    StringRef key = found[0].name(softmax.getAxis());
    value = factorBehind(value, found[0].axes(), throughWidening);
    weights = factorBehind(weights, value.axes(), throughLayout);
    if (!value.has(key)) continue;
    Site site{contraction, asStored(contraction->getResult(0)),
              found[0],    found[0].operand(softmax.getX()),
              weights,     value,
              key,         product->axes};
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
