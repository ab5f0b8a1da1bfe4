// products: contractions of one tensor that read it once. Test: tests/passes/lower/products.mlir.
#include "heed/codegen/tile/tile.h"
#include "heed/passes/ir/heed.h"
#include "heed/passes/ir/interpret.h"
#include "heed/passes/ir/lowering.h"

using namespace mlir;

namespace heed::ir {

ContractOp ProductsOp::contractionOf(Operation* op) {
  if (auto epilogue = dyn_cast<EpilogueOp>(op)) op = &epilogue.getBody().front().front();
  return dyn_cast<ContractOp>(op);
}

std::string ProductsOp::whyNot(Operation* op, Value x) {
  ContractOp product = contractionOf(op);
  Type stored = op->getResult(0).getType();
  if (!isa<FloatType>(elementOf(stored)) || !isa<FloatType>(elementOf(product.getType())))
    return "its numbers are integers";
  Axes own = axesOf(x.getType()), result = axesOf(stored);
  Axes other = axesOf((product.getLhs() == x ? product.getRhs() : product.getLhs()).getType());
  for (const Axis& axis : own)
    if (has(other, axis.name) && has(result, axis.name)) return "both operands have axis `" + axis.name.str() + "`";
  if (result.empty() || has(own, result.back().name))
    return "the innermost axis of its result is not of the other operand";
  return "";
}

LogicalResult ProductsOp::verify() {
  Block& block = getBody().front();
  auto yield = dyn_cast<YieldOp>(block.back());
  if (!yield || yield.getOperandTypes() != getResultTypes())
    return emitOpError("must end with a heed.yield of its results");
  llvm::SmallDenseSet<Value> results(yield->operand_begin(), yield->operand_end());
  if (results.size() < yield->getNumOperands() ||
      llvm::any_of(results, [&](Value v) { return v.getParentBlock() != &block; }))
    return emitOpError("must yield values of its body, each once");
  SmallVector<ContractOp> products;
  for (Operation& op : block.without_terminator()) {
    if (!isa<ContractOp, EpilogueOp>(op) || !contractionOf(&op))
      return op.emitOpError("in heed.products; heed.contract and heed.epilogue are legal");
    products.push_back(contractionOf(&op));
  }
  if (products.empty()) return emitOpError("holds no contraction");
  std::string why = "they have no operand in common";
  for (Value x : products[0]->getOperands()) {
    if (llvm::any_of(products, [&](ContractOp op) { return !llvm::is_contained(op->getOperands(), x); })) continue;
    why.clear();
    for (Operation& op : block.without_terminator())
      if (why.empty()) why = whyNot(&op, x);
    if (why.empty()) return success();
  }
  return emitOpError() << "holds contractions that one kernel cannot compute: " << why;
}

SmallVector<Reference> ProductsOp::evaluate(ArrayRef<Reference>, Evaluation& evaluation) {
  return evaluation.run(getBody().front());
}

/// Op by op; then the contractions, and nothing that was written to compute their operands, move into one op.
LogicalResult ProductsOp::lower(Lowering& lowering) {
  OpBuilder& b = lowering.b;
  Block& block = getBody().front();
  for (auto [inner, outer] : llvm::zip(block.getTerminator()->getOperands(), getResults()))
    lowering.want(inner, lowering.allocate(outer));
  auto kernel = tile::ProductsOp::create(b, getLoc());
  kernel.getBody().emplaceBlock();
  if (failed(lowering.run(block))) return failure();
  SmallVector<tile::ContractOp> products;
  for (auto at = std::next(kernel->getIterator()); at != b.getInsertionPoint(); ++at)
    if (auto product = dyn_cast<tile::ContractOp>(*at)) products.push_back(product);
  auto common = [&](Value x) {
    return llvm::all_of(products, [&](tile::ContractOp op) { return op.getLhs() == x || op.getRhs() == x; });
  };
  // A tensor that repeats along a summed axis is a buffer for each.
  if (!common(products[0].getLhs()) && !common(products[0].getRhs())) return kernel.erase(), success();
  kernel->moveBefore(b.getInsertionBlock(), b.getInsertionPoint());
  for (tile::ContractOp product : products)
    product->moveBefore(&kernel.getBody().front(), kernel.getBody().front().end());
  return success();
}

}  // namespace heed::ir
