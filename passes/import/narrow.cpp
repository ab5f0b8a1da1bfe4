// One walk from front to back: what reads something narrow is narrow, but for what is made of sums, and squares that
// are summed. Those stay f32 until an op of another kind reads them. Test: tests/passes/import/narrow_test.cpp.
#include "heed/passes/import/narrow.h"

#include "heed/passes/ir/heed.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace heed {
namespace {

class Narrowing {
 public:
  Narrowing(func::FuncOp function, Type element) : function_(function), element_(element), b_(function.getContext()) {}

  void run() {
    Block& block = function_.front();
    b_.setInsertionPointToStart(&block);
    for (BlockArgument argument : block.getArguments()) {
      const unsigned i = argument.getArgNumber();
      if (!isWide(argument)) continue;
      if (function_.getArgAttr(i, "heed.parameter") || function_.getArgAttr(i, "heed.state")) {
        become(argument);
      } else if (!argument.use_empty()) {
        Value cast = narrowed(argument, argument.getLoc());
        argument.replaceAllUsesExcept(cast, cast.getDefiningOp());
      }
    }
    narrow(block);
    Operation* end = block.getTerminator();
    b_.setInsertionPoint(end);
    for (auto [operand, type] : llvm::zip(end->getOpOperands(), function_.getResultTypes()))
      if (operand.get().getType() != type)
        operand.set(ir::CastOp::create(b_, end->getLoc(), operand.get(), ir::elementOf(type)));
    function_.setType(b_.getFunctionType(block.getArgumentTypes(), function_.getResultTypes()));
  }

 private:
  static bool isWide(Value x) { return ir::elementOf(x.getType()).isF32(); }

  void become(Value x) {
    x.setType(ir::withElement(x.getType(), element_));
    narrow_.insert(x);
  }
  Value narrowed(Value x, Location loc) {
    Value cast = ir::CastOp::create(b_, loc, x, element_);
    narrow_.insert(cast);
    return cast;
  }
  void narrowOperands(Operation* op) {
    b_.setInsertionPoint(op);
    for (OpOperand& operand : op->getOpOperands())
      if (isWide(operand.get())) operand.set(narrowed(operand.get(), op->getLoc()));
  }

  static bool sums(Operation* op) { return isa<ir::SumOp, ir::MeanOp>(op); }
  /// A mean of squares is finite where a square is beyond f16.
  static bool isSummedSquare(Operation* op) {
    return isa<ir::MulOp>(op) && op->getOperand(0) == op->getOperand(1) && !op->use_empty() &&
           llvm::all_of(op->getUsers(), sums);
  }
  bool staysWide(Operation* op) {
    return sums(op) || isSummedSquare(op) ||
           (isa<ir::Elementwise>(op) && llvm::any_of(op->getOperands(), [&](Value x) { return summed_.contains(x); }));
  }
  void widen(Operation* op) {
    b_.setInsertionPoint(op);
    for (OpOperand& operand : op->getOpOperands())
      if (narrow_.contains(operand.get()))
        operand.set(ir::CastOp::create(b_, op->getLoc(), operand.get(), b_.getF32Type()));
    Value result = op->getResult(0);
    if (!isWide(result)) return;
    summed_.insert(result);
    auto goesOn = [](Operation* user) { return sums(user) || isa<ir::Elementwise>(user); };
    if (llvm::all_of(result.getUsers(), goesOn)) return;
    b_.setInsertionPointAfter(op);
    Value cast = narrowed(result, op->getLoc());
    result.replaceAllUsesExcept(cast, cast.getDefiningOp());
  }

  /// A cast and what it casts may differ; whatever else reads something narrow has narrow operands and results.
  void narrow(Block& block) {
    for (Operation& op : llvm::make_early_inc_range(block.without_terminator())) {
      if (isa<ir::CastOp>(op)) continue;
      auto repeat = dyn_cast<ir::RepeatOp>(op);
      auto made = [&](Value x) { return narrow_.contains(x) || summed_.contains(x); };
      if (!repeat && llvm::none_of(op.getOperands(), made)) continue;
      if (staysWide(&op)) {
        widen(&op);
        continue;
      }
      narrowOperands(&op);
      if (repeat) {
        Block& body = repeat.getBody().front();
        for (BlockArgument argument : body.getArguments())
          if (isWide(argument)) become(argument);
        narrow(body);
        narrowOperands(body.getTerminator());
      }
      for (Value result : op.getResults())
        if (isWide(result)) become(result);
    }
  }

  func::FuncOp function_;
  Type element_;
  OpBuilder b_;
  llvm::DenseSet<Value> narrow_, summed_;
};

}  // namespace

void narrow(ModuleOp module, Type element) {
  for (auto function : module.getOps<func::FuncOp>()) Narrowing(function, element).run();
}

}  // namespace heed
