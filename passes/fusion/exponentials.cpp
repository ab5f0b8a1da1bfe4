// Weights that form_softmax could not read as a softmax. Test: tests/passes/fusion/exponentials.mlir.
#include "heed/passes/fusion/exponentials.h"

#include "heed/passes/fusion/remark.h"
#include "heed/passes/fusion/site.h"

using namespace mlir;

namespace heed::fusion {
namespace {

/// What the value itself calls the axis that has this name here.
StringRef ownName(const Renamed& x, StringRef name) {
  for (const ir::Axis& own : ir::axesOf(x.value.getType()))
    if (x.name(own.name) == name) return own.name;
  return {};
}

ir::LogsumexpOp takenOff(ir::ExpOp exponential, StringRef key) {
  auto isIt = [&](const Renamed& x) {
    auto op = dyn_cast<ir::LogsumexpOp>(x.op());
    return op && op.getAxis() == key;
  };
  SmallVector<Renamed> found = pointwiseParts({exponential.getX()}, isIt);
  return found.empty() ? ir::LogsumexpOp() : found[0].value.getDefiningOp<ir::LogsumexpOp>();
}

/// Whether `sum` adds up multiples of the exponentials along what they call `key`.
bool addsUp(ir::SumOp sum, ir::ExpOp exponential, StringRef key) {
  Renamed terms{sum.getX()};
  auto isIt = [&](const Renamed& x) { return x.op() == exponential; };
  return isMultiple(terms, exponential) && llvm::any_of(pointwiseParts(terms, isIt), [&](const Renamed& x) {
           return llvm::is_contained(ir::namesOf(sum.getAxes()), x.name(key));
         });
}

/// What stands between these weights and a softmax; "" where nothing divides them by a sum along `key`.
std::string obstacle(const Renamed& weights, ir::ExpOp exponential, StringRef key, ArrayRef<ir::SumOp> sums) {
  if (ir::LogsumexpOp lse = takenOff(exponential, key))
    return describe(lse) + " is taken off in its exponent, which is not read as a softmax";
  if (llvm::none_of(sums, [&](ir::SumOp sum) { return addsUp(sum, exponential, key); })) return "";
  auto isIt = [&](const Renamed& x) { return x.op() == exponential; };
  SmallVector<Renamed> masks = pointwiseParts(
      weights, [&](const Renamed& x) { return isa<ir::WhereOp>(x.op()) && !pointwiseParts(x, isIt).empty(); });
  if (!masks.empty()) return describe(masks[0].op()) + " hides exponentials, where a softmax hides scores by -inf";
  return "what they are divided by is not their own sum alone";
}

}  // namespace

void remarkExponentials(Operation* root) {
  SmallVector<ir::SumOp> sums;
  root->walk([&](ir::SumOp sum) { sums.push_back(sum); });
  root->walk([&](Operation* op) {
    if (!isa<ir::ContractOp, ir::SumOp>(op)) return;
    std::optional<Product> product = productOf(Renamed{op->getResult(0)});
    if (product->factors.size() != 2) return;
    for (const Renamed& weights : product->factors) {
      auto summed = llvm::count_if(product->axes, [&](StringRef axis) { return weights.has(axis); });
      auto key = llvm::find_if(product->axes, [&](StringRef axis) { return weights.has(axis); });
      if (summed != 1) continue;
      for (const Renamed& x : pointwiseParts(weights, [](const Renamed& x) { return isa<ir::ExpOp>(x.op()); })) {
        if (!x.has(*key) || !isMultiple(weights, x.value)) continue;
        auto exponential = x.value.getDefiningOp<ir::ExpOp>();
        std::string why = obstacle(weights, exponential, ownName(x, *key), sums);
        if (why.empty()) continue;
        emitRemark(op->getLoc()) << "not fused: the weights that " << describe(op) << " takes of "
                                 << describe(exponential) << " are stored in full: " << why << "; write softmax over `"
                                 << *key << "` of the scores";
        return;
      }
    }
  });
}

}  // namespace heed::fusion
