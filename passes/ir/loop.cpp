// Loops over named axes, with the elementwise ops that feed them computed inside. Test:
// tests/passes/lower/lower_to_tile.mlir.
#include "heed/passes/ir/heed.h"
#include "heed/passes/ir/lowering.h"
#include "llvm/Support/SaveAndRestore.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;

namespace heed::ir {

Value lowerScalar(Operation* op, OpBuilder& b, ValueRange elements, Position position) {
  if (auto index = dyn_cast<IndexOp>(op))
    return arith::IndexCastOp::create(b, op->getLoc(), b.getI32Type(), position(b, index.getAxis()));
  return cast<Elementwise>(op).lowerScalar(b, elements);
}

bool Lowering::isInline(Value value) const {
  Operation* op = value.getDefiningOp();
  if (!op || buffers_.count(value) || !isa<Elementwise, IndexOp>(op)) return false;
  if (value == computing_ || op->getNumOperands() == 0 || op->getBlock() == kernel_) return true;
  if (!value.hasOneUse()) return false;
  Operation* user = *value.user_begin();
  // A user with more axes would compute the same element many times.
  auto rank = [](Value v) { return axesOf(v.getType()).size(); };
  return user->getBlock() == op->getBlock() && !user->hasTrait<OpTrait::IsTerminator>() &&
         llvm::all_of(user->getResults(), [&](Value result) { return rank(result) <= rank(value); });
}

LogicalResult Lowering::inside(Block& kernel, llvm::function_ref<LogicalResult()> body) {
  llvm::SaveAndRestore entered(kernel_, &kernel);
  return body();
}

void Lowering::elementwise(Operation* op) {
  if (!isInline(op->getResult(0))) buffer(op->getResult(0));
}

void Lowering::collectLeaves(Value value, SmallVectorImpl<Value>& leaves) {
  if (llvm::is_contained(leaves, value)) return;
  if (!isInline(value))
    leaves.push_back(value);
  else
    for (Value operand : value.getDefiningOp()->getOperands()) collectLeaves(operand, leaves);
}

/// f16 and bf16 are computed in f32.
static Value widened(OpBuilder& b, Location loc, Value x) {
  auto type = dyn_cast<FloatType>(x.getType());
  return type && type.getWidth() < 32 ? b.createOrFold<arith::ExtFOp>(loc, b.getF32Type(), x) : x;
}

/// They are rounded where they are stored, or where a cast says so.
static Value rounded(OpBuilder& b, Location loc, Value x, Type type) {
  return x.getType() == type ? x : b.createOrFold<arith::TruncFOp>(loc, type, x);
}

Value Lowering::emitWide(OpBuilder& inner, Value value, IRMapping& done, Position position) {
  Value element = done.lookupOrNull(value);
  if (!element) {
    Operation* op = value.getDefiningOp();
    SmallVector<Value> elements;
    for (Value operand : op->getOperands()) elements.push_back(emitWide(inner, operand, done, position));
    element = lowerScalar(op, inner, elements, position);
    done.map(value, element);
  }
  return widened(inner, value.getLoc(), element);
}

Value Lowering::emit(OpBuilder& inner, Value value, IRMapping& done, Position position) {
  return rounded(inner, value.getLoc(), emitWide(inner, value, done, position), elementOf(value.getType()));
}

void Lowering::loop(Location loc, ArrayRef<Axis> space, ValueRange values, ArrayRef<Buffer> buffers, const Buffer& out,
                    ElementBody body) {
  SmallVector<Value> leaves;
  for (Value value : values) collectLeaves(value, leaves);
  SmallVector<Buffer> inputs;
  for (Value leaf : leaves) inputs.push_back(buffer(leaf));
  inputs.append(buffers.begin(), buffers.end());

  // An axis that no buffer has (a sum along a repeated axis) needs something that tells its extent.
  Axes unseen(space);
  llvm::erase_if(unseen, [&](const Axis& axis) {
    return out.has(axis.name) || llvm::any_of(inputs, [&](const Buffer& in) { return in.has(axis.name); });
  });
  if (!unseen.empty()) inputs.push_back(spread(loc, out, unseen));

  SmallVector<StringRef> names = namesOf(space);
  SmallVector<Value> memrefs;
  SmallVector<AffineMap> maps;
  for (const Buffer& in : inputs) {
    memrefs.push_back(in.memref);
    maps.push_back(in.map(names));
  }
  maps.push_back(out.map(names));
  SmallVector<utils::IteratorType> iterators;
  for (StringRef name : names)
    iterators.push_back(out.has(name) ? utils::IteratorType::parallel : utils::IteratorType::reduction);

  linalg::GenericOp::create(b, loc, memrefs, out.memref, maps, iterators,
                            [&](OpBuilder& inner, Location at, ValueRange arguments) {
                              IRMapping done;
                              for (auto [i, leaf] : llvm::enumerate(leaves)) done.map(leaf, arguments[i]);
                              auto position = [&](OpBuilder& here, StringRef axis) -> Value {
                                return linalg::IndexOp::create(here, at, llvm::find(names, axis) - names.begin());
                              };
                              SmallVector<Value> elements;
                              for (Value value : values) elements.push_back(emitWide(inner, value, done, position));
                              for (Value element : arguments.slice(leaves.size(), buffers.size()))
                                elements.push_back(widened(inner, at, element));
                              Value result = body(inner, elements, widened(inner, at, arguments.back()));
                              linalg::YieldOp::create(inner, at, rounded(inner, at, result, out.element()));
                            });
}

}  // namespace heed::ir
