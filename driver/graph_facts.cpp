#include "heed/driver/graph_facts.h"

#include "heed/passes/fusion/remark.h"
#include "heed/passes/ir/heed.h"

namespace heed {

using namespace mlir;

bool isReadByOneProduct(Value value) {
  llvm::SmallPtrSet<OpOperand*, 1> products;
  SmallVector<Value> all{value};
  while (!all.empty())
    for (OpOperand& use : all.pop_back_val().getUses()) {
      Operation* op = use.getOwner();
      auto repeat = dyn_cast<ir::RepeatOp>(op);
      const unsigned number = use.getOperandNumber(), carries = repeat ? repeat.getCarries().size() : 0;
      if (isa<ir::ContractOp>(op))
        products.insert(&use);
      else if (isa<ir::RenameOp, ir::PermuteOp, ir::SplitOp, ir::MergeOp>(op))
        all.push_back(op->getResult(0));
      else if (repeat && number >= carries)
        all.push_back(repeat.getBody().getArgument(carries + (number - carries) / unsigned(repeat.getCount())));
      else
        return false;
    }
  return products.size() == 1;
}

/// Whether a cast leaves what was given as it is: it makes no float narrower. Whole numbers are taken for small ones.
static bool isExactCast(Operation* op) {
  if (!isa<ir::CastOp>(op)) return false;
  auto from = dyn_cast<FloatType>(getElementTypeOrSelf(op->getOperand(0).getType()));
  auto to = dyn_cast<FloatType>(getElementTypeOrSelf(op->getResult(0).getType()));
  return !from || !to || from == to || from.getWidth() < to.getWidth();
}

/// Whether rounding has changed `value`: not what was given, constants, positions, and all that under other names.
static bool isComputed(Value value) {
  Operation* op = value.getDefiningOp();
  if (!op) return isa<ir::RepeatOp>(cast<BlockArgument>(value).getOwner()->getParentOp());
  if (isa<ir::ConstantOp>(op)) return false;
  const bool sameNumbers =
      isa<ir::RenameOp, ir::PermuteOp, ir::SplitOp, ir::MergeOp, ir::AlongOp, ir::TakeOp>(op) || isExactCast(op);
  if (sameNumbers) return isComputed(op->getOperand(0));
  return isa<FloatType>(getElementTypeOrSelf(value.getType()));
}

std::string firstJump(func::FuncOp function) {
  Operation* found = nullptr;
  function.walk([&](Operation* op) {
    if (op->getNumResults() != 1 || op->getNumOperands() == 0) return WalkResult::advance();
    const bool fromFloats = isa<FloatType>(getElementTypeOrSelf(op->getOperand(0).getType()));
    const bool toFloats = isa<FloatType>(getElementTypeOrSelf(op->getResult(0).getType()));
    const bool jumps = fromFloats && (!toFloats || isa<ir::FloorOp, ir::RemOp>(op));
    if (!jumps || llvm::none_of(op->getOperands(), isComputed)) return WalkResult::advance();
    found = op;
    return WalkResult::interrupt();
  });
  return found ? fusion::describe(found) : "";
}

}  // namespace heed
