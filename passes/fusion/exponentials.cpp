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

/// A sum over `axes`, of which the weights have `key` alone.
struct Weighing {
  Operation* op;
  ArrayRef<StringRef> axes;
  const Renamed &weights, &value;
  StringRef key;
};

/// Whether weights that nobody sums may be a softmax whose sum was forgotten: they have rows, and what they weigh is no
/// matrix of a layer.
bool haveRows(const Weighing& w) {
  return !isParameter(throughWidening(w.value).value) && llvm::any_of(w.weights.axes(), [&](const ir::Axis& axis) {
    return !w.value.has(axis.name) && !llvm::is_contained(w.axes, axis.name);
  });
}

/// What stands between weights of these exponentials and a softmax, and what to write; "" where they are meant to be
/// none. `sums` are those of the graph.
std::string obstacle(const Weighing& w, const Renamed& exponentials, ArrayRef<ir::SumOp> sums) {
  auto exponential = exponentials.value.getDefiningOp<ir::ExpOp>();
  StringRef key = ownName(exponentials, w.key);
  std::string softmax = "; write softmax over `" + w.key.str() + "` of the scores";
  if (ir::LogsumexpOp lse = takenOff(exponential, key))
    return describe(lse) + " is taken off in its exponent, which is not read as a softmax" + softmax;
  if (llvm::none_of(sums, [&](ir::SumOp sum) { return sum != w.op && addsUp(sum, exponential, key); }))
    return haveRows(w)
               ? "nothing divides them by their sum" + softmax + ", times exp(logsumexp) of them where no mean is meant"
               : "";
  auto isIt = [&](const Renamed& x) { return x.op() == exponential; };
  SmallVector<Renamed> masks = pointwiseParts(
      w.weights, [&](const Renamed& x) { return isa<ir::WhereOp>(x.op()) && !pointwiseParts(x, isIt).empty(); });
  if (!masks.empty())
    return describe(masks[0].op()) + " hides exponentials, where a softmax hides scores by -inf" + softmax;
  return "what they are divided by is not their own sum alone" + softmax;
}

}  // namespace

void remarkExponentials(Operation* root) {
  SmallVector<ir::SumOp> sums;
  root->walk([&](ir::SumOp sum) { sums.push_back(sum); });
  root->walk([&](Operation* op) {
    if (!isa<ir::ContractOp, ir::SumOp>(op)) return;
    std::optional<Product> product = productOf(Renamed{op->getResult(0)});
    if (product->factors.size() != 2) return;
    for (unsigned side : {0, 1}) {
      const Renamed &weights = product->factors[side], &value = product->factors[1 - side];
      auto summed = llvm::count_if(product->axes, [&](StringRef axis) { return weights.has(axis); });
      auto key = llvm::find_if(product->axes, [&](StringRef axis) { return weights.has(axis); });
      if (summed != 1) continue;
      for (const Renamed& x : pointwiseParts(weights, [](const Renamed& x) { return isa<ir::ExpOp>(x.op()); })) {
        if (!x.has(*key) || !isMultiple(weights, x.value)) continue;
        std::string why = obstacle({op, product->axes, weights, value, *key}, x, sums);
        if (why.empty()) continue;
        emitRemark(op->getLoc()) << "not fused: the weights that " << describe(op) << " takes of " << describe(x.op())
                                 << " are stored in full: " << why;
        return;
      }
    }
  });
}

}  // namespace heed::fusion
