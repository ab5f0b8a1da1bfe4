// What is absorbed into the scalar program, and what becomes a capture. Contractions: similarity.cpp.
#include "heed/passes/fusion/absorb.h"

#include <limits>

#include "heed/passes/ir/made_of.h"

using namespace mlir;

namespace heed::fusion {

Absorption::Absorption(StringRef row, StringRef key, const Renamed& softmax, ir::Axes space)
    : scalars(softmax.value.getContext(), region.emplaceBlock()),
      row(row),
      key(key),
      softmax(softmax),
      space(std::move(space)) {}

Value Absorption::argument(Type type, Source source, Location loc) {
  sources.push_back(source);
  return scalars.computed(loc, program().addArgument(type, loc));
}

Value Absorption::capture(const Renamed& seen) {
  Renamed x = throughWidening(seen);
  for (auto& [known, value] : done)
    if (known == x && llvm::is_contained(captures, x)) return value;
  if (x.has(key) && x.has(row))
    given.push_back(
        {x.value.getLoc(), "the kernel reads a tensor of `" + row.str() + "` x `" + key.str() + "` elements"});
  captures.push_back(x);
  Value value =
      argument(ir::elementOf(x.value.getType()), {Source::capture, unsigned(captures.size() - 1)}, x.value.getLoc());
  done.emplace_back(x, value);
  return value;
}

Value Absorption::weight(const Renamed& x) {
  inWeigh = true;  // similarities are known to `post` only: whatever the scores were made of is not shared
  llvm::erase_if(done, [&](auto& known) { return !llvm::is_contained(captures, known.first); });
  return scalar(x);
}

Value Absorption::scalar(const Renamed& seen) {
  Renamed x = throughLayout(seen);
  for (auto& [known, value] : done)
    if (known == x) return value;
  Value value = compute(x);
  if (!llvm::is_contained(captures, x)) done.emplace_back(x, value);
  return value;
}

Value Absorption::compute(const Renamed& x) {
  Location loc = x.value.getLoc();
  if (inWeigh && x == softmax)
    return argument(computedType(ir::elementOf(x.value.getType())), {Source::weight, 0}, loc);
  if (auto number = constantOf(x.value)) return scalars.number(loc, ir::elementOf(x.value.getType()), *number);
  if (auto index = x.value.getDefiningOp<ir::IndexOp>()) return scalars.index(loc, x.name(index.getAxis()));
  if (absorbs(x)) {
    SmallVector<Value> operands;
    for (Value operand : x.op()->getOperands()) operands.push_back(scalar(x.operand(operand)));
    return scalars.apply(x.op(), operands);
  }
  if (!inWeigh)
    if (Value sum = similarityOf(x)) return sum;
  return capture(x);
}

bool Absorption::usesScores(Value scalar) const {
  SmallVector<Value> left{scalar};
  llvm::SmallPtrSet<Value, 16> visited;
  while (!left.empty()) {
    Value x = left.pop_back_val();
    if (!visited.insert(x).second) continue;
    if (auto argument = dyn_cast<BlockArgument>(x)) {
      if (source(argument).kind != Source::capture) return true;
    } else {
      llvm::append_range(left, x.getDefiningOp()->getOperands());
    }
  }
  return false;
}

bool Absorption::absorbs(const Renamed& x) const {
  if (!isa_and_nonnull<ir::Elementwise>(x.op())) return false;
  return mixes(x) || !isa<FloatType>(ir::elementOf(x.value.getType())) || isIndexArithmetic(x) || hides(x);
}

bool Absorption::ofRow(const Renamed& seen) const {
  Renamed x = throughLayout(seen);
  if (!row.empty()) return x.has(row);
  // A single query has no axis to be known by: it is what the keys are combined with.
  if (x == softmax) return true;
  if (!isa_and_nonnull<ir::Elementwise>(x.op())) return !x.axes().empty() && !x.has(key);
  return llvm::any_of(x.op()->getOperands(), [&](Value operand) { return ofRow(x.operand(operand)); });
}

/// Floats made from positions and constants alone: cheaper to compute than to read.
bool Absorption::isIndexArithmetic(const Renamed& x) const {
  auto computes = [](Operation* op) { return isa<ir::Elementwise, ir::RenameOp>(op); };
  return !ir::madeOf(
      x.value,
      [&](Value v) {
        Operation* op = v.getDefiningOp();
        return !constantOf(v) && !(op && (isa<ir::IndexOp>(op) || computes(op)));
      },
      computes);
}

/// An additive mask: -inf by choice of a predicate, which `keep` wants to see.
bool Absorption::hides(const Renamed& seen) const {
  Renamed x = throughLayout(seen);
  if (constantOf(x.value) == -std::numeric_limits<double>::infinity()) return true;
  if (!isa_and_nonnull<ir::WhereOp, ir::AddOp>(x.op())) return false;
  auto operands = isa<ir::WhereOp>(x.op()) ? x.op()->getOperands().drop_front() : x.op()->getOperands();
  return llvm::any_of(operands, [&](Value operand) { return hides(x.operand(operand)); });
}

}  // namespace heed::fusion
