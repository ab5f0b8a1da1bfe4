// Elementwise ops that read the result of a kernel and stayed outside, and products that stayed apart. Test:
// tests/passes/fusion/unfused.mlir.
#include "heed/passes/fusion/unfused.h"

#include "heed/passes/fusion/remark.h"
#include "heed/passes/fusion/renamed.h"
#include "llvm/ADT/MapVector.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;

namespace heed::fusion {

/// Why `op` is no part of the kernel that gives `x`.
static std::string whyOutside(Operation* op, const Renamed& x) {
  Type result = op->getResult(0).getType();
  for (const ir::Axis& axis : ir::axesOf(result))
    if (!x.has(axis.name)) return "it repeats its operand along `" + axis.name.str() + "`";
  if (ir::elementOf(result) != ir::elementOf(x.value.getType())) return "its result has another element type";
  for (Operation* other : x.value.getUsers())
    if (other != op) return describe(other) + " needs its operand too";
  return "its layout is not that of the kernel";
}

static bool isParameter(Value x) {
  auto argument = dyn_cast<BlockArgument>(x);
  if (!argument) return false;
  Operation* owner = argument.getOwner()->getParentOp();
  if (auto repeat = dyn_cast<ir::RepeatOp>(owner)) return argument.getArgNumber() >= repeat.getCarries().size();
  auto function = dyn_cast<FunctionOpInterface>(owner);
  return function && function.getArgAttr(argument.getArgNumber(), "heed.parameter");
}

/// The module that the op is in, or else its line.
static std::string moduleOf(Operation* op) {
  std::string path;
  op->getLoc()->walk([&](Location part) {
    if (auto name = dyn_cast<NameLoc>(part); name && path.empty()) path = name.getName().str();
    return WalkResult::advance();
  });
  return path.empty() ? describe(op) : "`" + path + "`";
}

/// Products of one tensor with several weights, as queries, keys and values are: each reads the tensor again.
static void remarkUnmerged(Operation* root) {
  llvm::MapVector<Value, SmallVector<ir::ContractOp>> readers;
  root->walk([&](ir::ContractOp op) {
    Renamed l = throughLayout({op.getLhs()}), r = throughLayout({op.getRhs()});
    if (isParameter(l.value) != isParameter(r.value)) readers[isParameter(r.value) ? l.value : r.value].push_back(op);
  });
  for (auto& [x, products] : readers) {
    if (products.size() < 2) continue;
    std::string names;
    for (ir::ContractOp op : products)
      names += (names.empty() ? "" : op == products.back() ? " and " : ", ") + moduleOf(op);
    emitRemark(products[0].getLoc()) << "not merged: " << names << " are " << products.size()
                                     << " products of one tensor, since their weights are parameters of their own; one "
                                        "parameter that holds them all, and `take` of its result, is one product";
  }
}

void remarkUnfused(Operation* root) {
  remarkUnmerged(root);
  root->walk([](Operation* op) {
    bool isTensor = op->getNumResults() == 1 && isa<RankedTensorType>(op->getResult(0).getType());
    if (!isTensor || !isa<ir::Elementwise>(op) || isa<ir::EpilogueOp, ir::RowsOp>(op->getParentOp())) return;
    if (throughLayout({op->getResult(0)}).value != op->getResult(0)) return;  // nothing is computed
    for (Value operand : op->getOperands()) {
      Renamed x = throughLayout({operand});
      if (!isa_and_nonnull<ir::EpilogueOp, ir::RowsOp, ir::TakesEpilogue>(x.op())) continue;
      emitRemark(op->getLoc()) << "not fused: " << describe(op) << " is a kernel of its own behind " << describe(x.op())
                               << ": " << whyOutside(op, x);
      return;
    }
  });
}

}  // namespace heed::fusion
