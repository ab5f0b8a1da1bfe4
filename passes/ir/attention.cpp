// heed.attention: shape and rules. Its meaning is in attention_evaluate.cpp, its lowering in attention_lower.cpp.
// Test: tests/passes/ir/attention_test.cpp.
#include "heed/passes/ir/heed.h"

using namespace mlir;

namespace heed::ir {

static SmallVector<StringRef> contractedNames(ArrayAttr contracted, int64_t similarity) {
  return namesOf(cast<ArrayAttr>(contracted[similarity]));
}

/// The axes of the scores; complains where an axis has two extents.
static LogicalResult collectScores(std::optional<Location> loc, ValueRange similar, ArrayRef<int64_t> owner,
                                   ArrayAttr contracted, ValueRange captures, Axes& scores) {
  for (auto [operand, similarity] : llvm::zip(similar, owner))
    if (failed(unite(loc, "attention", scores,
                     without(axesOf(operand.getType()), contractedNames(contracted, similarity)))))
      return failure();
  for (Value capture : captures)
    if (failed(unite(loc, "attention", scores, axesOf(capture.getType())))) return failure();
  return success();
}

static LogicalResult verifyAttributes(std::optional<Location> loc, AttentionOp::Adaptor a) {
  if (a.getSimilar().size() != a.getSimilarity().size())
    return emitOptionalError(loc, "heed.attention: similarity names the owner of ", a.getSimilarity().size(),
                             " operands; there are ", a.getSimilar().size());
  for (Attribute names : a.getContracted())
    if (!isa<ArrayAttr>(names) || !llvm::all_of(cast<ArrayAttr>(names), llvm::IsaPred<StringAttr>))
      return emitOptionalError(loc, "heed.attention: contracted must be a list of lists of axis names");
  for (int64_t owner : a.getSimilarity())
    if (owner < 0 || owner >= int64_t(a.getContracted().size()))
      return emitOptionalError(loc, "heed.attention: similarity ", owner, " is not one of the ",
                               a.getContracted().size(), " in contracted");
  return success();
}

LogicalResult AttentionOp::inferReturnTypes(MLIRContext* context, std::optional<Location> loc, Adaptor a,
                                            SmallVectorImpl<Type>& types) {
  Axes scores;
  if (failed(verifyAttributes(loc, a)) ||
      failed(collectScores(loc, a.getSimilar(), a.getSimilarity(), a.getContracted(), a.getCaptures(), scores)))
    return failure();
  Axes value = axesOf(a.getValue().getType());
  for (auto [what, name] : {std::pair("row", a.getRow()), std::pair("key", a.getKey())})
    if (!has(scores, name))
      return emitOptionalError(loc, "heed.attention: the ", what, " axis ", name, " is none of the scores' axes ",
                               describe(scores));
  if (a.getRow() == a.getKey()) return emitOptionalError(loc, "heed.attention: row and key are one axis, ", a.getKey());
  if (!has(value, a.getKey()) || has(value, a.getRow()))
    return emitOptionalError(loc, "heed.attention: the value has axes ", describe(value),
                             "; it must have the key axis ", a.getKey(), " and not the row axis ", a.getRow());
  Axes out = scores;
  if (failed(unite(loc, "attention", out, value))) return failure();
  types.push_back(tensorOf(Float32Type::get(context), without(out, a.getKey())));
  return success();
}

bool AttentionOp::isCompatibleReturnTypes(TypeRange inferred, TypeRange actual) {
  // An lse, where there is one, is checked by verify. The result may be stored narrower.
  return !actual.empty() && isa<FloatType>(elementOf(actual.front())) &&
         sameAxes(inferred.front(), withElement(actual.front(), elementOf(inferred.front())));
}

Axes AttentionOp::scoreAxes() {
  Axes scores;
  (void)collectScores(getLoc(), getSimilar(), getSimilarity(), getContracted(), getCaptures(), scores);
  return scores;
}

SmallVector<Value> AttentionOp::operandsOf(int64_t similarity) {
  SmallVector<Value> operands;
  for (auto [operand, owner] : llvm::zip(getSimilar(), getSimilarity()))
    if (owner == similarity) operands.push_back(operand);
  return operands;
}

Axes AttentionOp::contractedAxes(int64_t similarity) {
  Axes all;
  for (Value operand : operandsOf(similarity)) (void)unite(getLoc(), "attention", all, axesOf(operand.getType()));
  Axes summed;
  for (StringRef name : contractedNames(getContracted(), similarity))
    if (const Axis* axis = findAxis(all, name)) summed.push_back(*axis);
  return summed;
}

/// One block of scalar ops over `axes`, from `arguments` to one `result`.
static LogicalResult verifyRegion(AttentionOp op, StringRef name, Region& region, TypeRange arguments, Type result,
                                  ArrayRef<Axis> axes) {
  if (!llvm::hasSingleElement(region) || region.front().getArgumentTypes() != arguments) {
    auto error = op.emitOpError() << "region " << name << " must be one block that takes (" << arguments << ")";
    return llvm::hasSingleElement(region) ? error << ", takes (" << region.front().getArgumentTypes() << ")" : error;
  }
  Block& block = region.front();
  auto yield = block.empty() ? YieldOp() : dyn_cast<YieldOp>(block.back());
  if (!yield || yield.getOperandTypes() != TypeRange(result))
    return op.emitOpError() << "region " << name << " must end with a heed.yield of " << result;
  for (Operation& inner : block.without_terminator()) {
    auto index = dyn_cast<IndexOp>(inner);
    if (!index && !isa<Elementwise>(inner))
      return inner.emitOpError() << "in region " << name
                                 << " of heed.attention; pointwise ops and heed.index are legal";
    if (isa<RankedTensorType>(inner.getResult(0).getType()))
      return inner.emitOpError() << "in region " << name << " of heed.attention must be on scalars";
    if (index && !has(axes, index.getAxis()))
      return inner.emitOpError() << "axis " << index.getAxis() << " is none of the scores' axes " << describe(axes);
  }
  return success();
}

static SmallVector<Type> elementsOf(ValueRange values) {
  return llvm::map_to_vector(values, [](Value v) { return elementOf(v.getType()); });
}

LogicalResult AttentionOp::verify() {
  SmallVector<Type> inferred;  // what the types follow from is checked first: all below relies on it
  if (failed(inferReturnTypes(getContext(), getLoc(), Adaptor(*this), inferred))) return failure();
  if (getBodies().size() != getContracted().size())
    return emitOpError() << "there are " << getBodies().size() << " bodies; contracted speaks of "
                         << getContracted().size() << " similarities";
  Axes scores = scoreAxes(), rows = without(scores, getKey());
  for (Value operand : getSimilar())
    if (has(axesOf(operand.getType()), getRow()) && has(axesOf(operand.getType()), getKey()))
      return emitOpError() << "a similar operand has both the row axis " << getRow() << " and the key axis " << getKey()
                           << "; only captures may";
  Builder b(getContext());
  Type f32 = b.getF32Type();
  for (int64_t n = 0; n < similarities(); ++n) {
    if (contractedAxes(n).size() != contractedNames(getContracted(), n).size())
      return emitOpError() << "similarity " << n << " contracts " << getContracted()[n]
                           << "; each must be an axis of one of its operands";
    for (const Axis& axis : contractedAxes(n))
      if (has(scores, axis.name))
        return emitOpError() << "similarity " << n << " contracts axis " << axis.describe()
                             << ", which is also an axis of the scores; rename one of them";
    if (failed(verifyRegion(*this, "bodies", getBodies()[n], elementsOf(operandsOf(n)), f32, scores))) return failure();
  }
  SmallVector<Type> captures = elementsOf(getCaptures()), post(similarities(), f32), weigh{f32};
  post.append(captures);
  weigh.append(captures);
  if (failed(verifyRegion(*this, "post", getPost(), post, f32, scores)) ||
      (!getKeep().empty() && failed(verifyRegion(*this, "keep", getKeep(), captures, b.getI1Type(), scores))) ||
      (!getWeigh().empty() && failed(verifyRegion(*this, "weigh", getWeigh(), weigh, f32, scores))))
    return failure();

  auto check = [&](StringRef what, Value v, ArrayRef<Axis> axes) -> LogicalResult {
    if (sameAxes(v.getType(), tensorOf(f32, axes))) return success();
    return emitOpError() << what << " has type " << v.getType() << "; f32 with axes " << describe(axes)
                         << " is required";
  };
  if (getLse() && failed(check("lse", getLse(), rows))) return failure();
  if (getInitial().empty()) return success();
  if (getInitial().size() != 3) return emitOpError("initial must be m, l and o, or nothing");
  if (failed(check("the initial m", getInitial()[0], rows)) || failed(check("the initial l", getInitial()[1], rows)))
    return failure();
  return check("the initial o", getInitial()[2], axesOf(getOut().getType()));
}

}  // namespace heed::ir
