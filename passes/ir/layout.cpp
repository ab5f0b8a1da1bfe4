// rename, permute, along, split, merge: the same numbers under other axes. Test: tests/passes/ir/layout_test.cpp.
#include "heed/passes/ir/extents.h"
#include "heed/passes/ir/heed.h"
#include "heed/passes/ir/interpret.h"
#include "heed/passes/ir/lowering.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace heed::ir {

/// The result is a tensor of the operand's element type with exactly `axes`.
static LogicalResult verifyResult(Operation* op, ArrayRef<Axis> axes) {
  Type from = op->getOperand(0).getType(), to = op->getResult(0).getType();
  if (sameAxes(tensorOf(elementOf(from), axes), to)) return success();
  return op->emitOpError() << "the result is " << elementOf(to) << " with axes " << describe(axesOf(to)) << "; "
                           << elementOf(from) << " with axes " << describe(axes) << " is required";
}

/// By the names of the axes, each element of the result is one of the operand.
static double same(const double* x) { return x[0]; }

static Reference arranged(const Reference& x, Type type) { return x.inOrder(axisNames(axesOf(type))); }

// ---- rename

LogicalResult RenameOp::inferReturnTypes(MLIRContext*, std::optional<Location> loc, Adaptor a,
                                         SmallVectorImpl<Type>& types) {
  Type x = a.getX().getType();
  Axes axes = axesOf(x);
  if (!has(axes, a.getFrom()))
    return emitOptionalError(loc, "heed.rename: the operand has axes ", describe(axes), ", not ", a.getFrom());
  if (a.getFrom() != a.getTo() && has(axes, a.getTo()))
    return emitOptionalError(loc, "heed.rename: the operand has an axis ", a.getTo(), " already; its axes are ",
                             describe(axes), "; choose another name?");
  for (Axis& axis : axes)
    if (axis.name == a.getFrom()) axis.name = a.getTo();
  types.push_back(tensorOf(elementOf(x), axes));
  return success();
}

SmallVector<Reference> RenameOp::evaluate(ArrayRef<Reference> x, Evaluation&) {
  Reference out = x[0];
  std::replace(out.axes.begin(), out.axes.end(), getFrom().str(), getTo().str());
  return {arranged(out, getType())};
}

LogicalResult RenameOp::lower(Lowering& lowering) {
  Buffer out = lowering.buffer(getX());
  for (StringRef& axis : out.axes)
    if (axis == getFrom()) axis = getTo();
  lowering.bind(getResult(), out);
  return success();
}

// ---- permute: nothing moves until someone outside of the function looks

LogicalResult PermuteOp::verify() { return verifyResult(*this, axesOf(getX().getType())); }
OpFoldResult PermuteOp::fold(FoldAdaptor) { return getX().getType() == getType() ? getX() : OpFoldResult(); }
SmallVector<Reference> PermuteOp::evaluate(ArrayRef<Reference> x, Evaluation&) { return {arranged(x[0], getType())}; }
ScalarFunction PermuteOp::scalarMeaning() { return same; }
Value PermuteOp::lowerScalar(OpBuilder&, ValueRange elements) { return elements[0]; }

LogicalResult PermuteOp::lower(Lowering& lowering) {
  lowering.bind(getResult(), lowering.buffer(getX()));
  return success();
}

// ---- along

LogicalResult AlongOp::verify() {
  Axes axes = axesOf(getX().getType());
  const Axes result = axesOf(getType());
  if (has(axes, getAxis()))
    return emitOpError() << "the operand has axis " << getAxis() << " already; its axes are " << describe(axes);
  if (!has(result, getAxis()))
    return emitOpError() << "the result must have axis " << getAxis() << "; its axes are " << describe(result);
  axes.push_back(*findAxis(result, getAxis()));
  return verifyResult(*this, axes);
}

SmallVector<Reference> AlongOp::evaluate(ArrayRef<Reference> x, Evaluation& evaluation) {
  Axes axes = axesOf(getType());
  std::vector<int64_t> extents;
  for (const Axis& axis : axes)
    extents.push_back(axis.name == getAxis() ? evaluation.extent(*this, axis) : x[0].extent(axis.name));
  Reference out(axisNames(axes), extents);
  forEachRun(extents, {out.strides(out.axes), x[0].strides(out.axes)},
             [&](const int64_t* at, const int64_t* step, int64_t count) {
               for (int64_t i = 0; i < count; ++i) out.data[at[0] + i * step[0]] = x[0].data[at[1] + i * step[1]];
             });
  return {out};
}

ScalarFunction AlongOp::scalarMeaning() { return same; }
Value AlongOp::lowerScalar(OpBuilder&, ValueRange elements) { return elements[0]; }

LogicalResult AlongOp::lower(Lowering& lowering) {
  lowering.bind(getResult(), lowering.buffer(getX()));
  return success();
}

// ---- split and merge

/// The axes `parts` stand where `axis` stood.
static Axes replaced(ArrayRef<Axis> axes, StringRef axis, ArrayRef<Axis> parts) {
  Axes result;
  for (const Axis& a : axes)
    if (a.name == axis)
      llvm::append_range(result, parts);
    else
      result.push_back(a);
  return result;
}

/// `parts` of `type`, in order; fails where one is missing, or where extents and symbols do not multiply up to `whole`.
static FailureOr<Axes> verifyParts(Operation* op, Type type, ArrayAttr names, const Axis& whole) {
  Axes parts;
  int64_t product = 1, dynamic = 0;
  for (StringRef name : namesOf(names)) {
    Axes axes = axesOf(type);
    const Axis* part = findAxis(axes, name);
    if (!part) return op->emitOpError() << "part " << name << " is missing; the axes are " << describe(axes);
    parts.push_back(*part);
    dynamic += !part->isStatic();
    if (part->isStatic()) product *= part->extent;
  }
  if (parts.empty()) return op->emitOpError("needs at least one part");
  bool same = !whole.isStatic() && llvm::any_of(parts, [&](const Axis& part) { return part.symbol == whole.symbol; });
  if (whole.isStatic() ? dynamic != 0 || product != whole.extent
                       : dynamic == 0 || (same && (dynamic > 1 || product != 1)))
    return op->emitOpError() << "parts " << describe(parts) << " do not multiply up to " << whole.describe();
  return parts;
}

LogicalResult SplitOp::verify() {
  Axes axes = axesOf(getX().getType());
  const Axis* whole = findAxis(axes, getAxis());
  if (!whole) return emitOpError() << "the operand has axes " << describe(axes) << ", not " << getAxis();
  FailureOr<Axes> parts = verifyParts(*this, getType(), getParts(), *whole);
  if (failed(parts)) return failure();
  if (llvm::count_if(*parts, [](const Axis& a) { return !a.isStatic(); }) > 1)
    return emitOpError() << "of a run-time extent can have one run-time part; it has " << describe(*parts);
  return verifyResult(*this, replaced(axes, getAxis(), *parts));
}

SmallVector<Reference> SplitOp::evaluate(ArrayRef<Reference> x, Evaluation& evaluation) {
  Reference out = x[0];
  auto at = llvm::find(out.axes, getAxis().str()) - out.axes.begin();
  int64_t whole = out.extents[at], known = 1;
  std::vector<std::string> names;
  std::vector<int64_t> extents;
  Axes axes = axesOf(getType());
  for (StringRef part : namesOf(getParts())) {
    names.push_back(part.str());
    extents.push_back(findAxis(axes, part)->extent);
    if (extents.back() >= 0) known *= extents.back();
  }
  for (int64_t& extent : extents)
    if (extent < 0) extent = known ? whole / known : 0;
  if (known && whole % known)
    evaluation.fail(*this) << "axis " << getAxis() << " has extent " << whole << ", which is no multiple of " << known;
  out.axes.erase(out.axes.begin() + at);
  out.extents.erase(out.extents.begin() + at);
  out.axes.insert(out.axes.begin() + at, names.begin(), names.end());
  out.extents.insert(out.extents.begin() + at, extents.begin(), extents.end());
  return {evaluation.failed() ? out : arranged(out, getType())};
}

/// A symbol that split or merge defines; an input that binds it too could disagree with it.
static LogicalResult define(Operation* op, Lowering& lowering, const Axis& axis, Value extent) {
  if (lowering.knows(axis))
    return op->emitOpError() << "defines the extent of axis " << axis.describe()
                             << ", which is bound elsewhere; give the new axis a symbol of its own";
  lowering.bindSymbol(axis.symbol, extent);
  return success();
}

LogicalResult SplitOp::lower(Lowering& lowering) {
  OpBuilder& b = lowering.b;
  Axes axes = axesOf(getX().getType()), all = axesOf(getType());
  const Axis& whole = *findAxis(axes, getAxis());
  Buffer in = lowering.spread(getLoc(), lowering.buffer(getX()), whole);
  Axes parts;
  int64_t known = 1;
  for (StringRef part : namesOf(getParts())) {
    parts.push_back(*findAxis(all, part));
    if (parts.back().isStatic()) known *= parts.back().extent;
  }
  for (const Axis& part : definedBy(*this)) {
    Value count = arith::ConstantIndexOp::create(b, getLoc(), std::max<int64_t>(known, 1));
    Value extent = arith::DivUIOp::create(b, getLoc(), lowering.extent(whole), count);
    if (failed(define(*this, lowering, part, extent))) return failure();
  }

  Buffer out;
  SmallVector<int64_t> shape;
  SmallVector<OpFoldResult> sizes;
  SmallVector<ReassociationIndices> groups;
  auto type = cast<MemRefType>(in.memref.getType());
  for (auto [d, name] : llvm::enumerate(in.axes)) {
    groups.emplace_back();
    Axes members = name == getAxis() ? parts : Axes{{name, type.getDimSize(d), ""}};
    for (const Axis& member : members) {
      groups.back().push_back(out.axes.size());
      out.axes.push_back(member.name);
      shape.push_back(member.extent);
      sizes.push_back(member.isStatic()   ? OpFoldResult(b.getIndexAttr(member.extent))
                      : name == getAxis() ? OpFoldResult(lowering.extent(member))
                                          : OpFoldResult(lowering.extent(*findAxis(axes, name))));
    }
  }
  out.memref = memref::ExpandShapeOp::create(b, getLoc(), shape, in.memref, groups, sizes);
  lowering.bind(getResult(), out);
  return success();
}

LogicalResult MergeOp::verify() {
  Axes axes = axesOf(getX().getType()), result = axesOf(getType());
  const Axis* whole = findAxis(result, getAxis());
  if (!whole) return emitOpError() << "the result must have axis " << getAxis() << "; it has " << describe(result);
  FailureOr<Axes> parts = verifyParts(*this, getX().getType(), getParts(), *whole);
  if (failed(parts)) return failure();
  Axes rest = without(axes, namesOf(getParts()));
  rest.push_back(*whole);
  return verifyResult(*this, rest);
}

SmallVector<Reference> MergeOp::evaluate(ArrayRef<Reference> x, Evaluation&) {
  std::vector<std::string> order, parts;
  for (StringRef part : namesOf(getParts())) parts.push_back(part.str());
  for (const std::string& axis : x[0].axes)
    if (!llvm::is_contained(parts, axis)) order.push_back(axis);
  size_t kept = order.size();
  llvm::append_range(order, parts);
  Reference out = x[0].inOrder(order);
  int64_t extent = 1;
  for (size_t d = kept; d < out.extents.size(); ++d) extent *= out.extents[d];
  out.axes.resize(kept);
  out.extents.resize(kept);
  out.axes.push_back(getAxis().str());
  out.extents.push_back(extent);
  return {arranged(out, getType())};
}

LogicalResult MergeOp::lower(Lowering& lowering) {
  OpBuilder& b = lowering.b;
  Axes axes = axesOf(getX().getType()), parts;
  for (StringRef part : namesOf(getParts())) parts.push_back(*findAxis(axes, part));
  for (const Axis& whole : definedBy(*this)) {
    Value extent = arith::ConstantIndexOp::create(b, getLoc(), 1);
    for (const Axis& part : parts) extent = arith::MulIOp::create(b, getLoc(), extent, lowering.extent(part));
    if (failed(define(*this, lowering, whole, extent))) return failure();
  }

  Buffer in = lowering.buffer(getX());
  auto groupsOf = [&](const Buffer& buffer) {
    SmallVector<ReassociationIndices> groups;
    for (auto [d, axis] : llvm::enumerate(buffer.axes))
      if (axis == parts[0].name || !has(parts, axis))
        groups.push_back({int64_t(d)});
      else
        groups.back().push_back(d);
    return groups;
  };
  SmallVector<StringRef> names = namesOf(parts);
  auto first = llvm::find(in.axes, names[0]) - in.axes.begin();
  bool adjacent = ArrayRef(in.axes).drop_front(first).take_front(names.size()) == ArrayRef(names);
  if (!adjacent ||
      !memref::CollapseShapeOp::isGuaranteedCollapsible(cast<MemRefType>(in.memref.getType()), groupsOf(in))) {
    Axes order = without(axes, names);
    order.append(parts);
    Buffer packed = lowering.allocate(getLoc(), order, in.element());
    lowering.copy(getLoc(), order, in, packed);
    in = packed;
  }
  Buffer out;
  for (StringRef axis : in.axes)
    if (axis == names[0])
      out.axes.push_back(getAxis());
    else if (!llvm::is_contained(names, axis))
      out.axes.push_back(axis);
  out.memref = memref::CollapseShapeOp::create(b, getLoc(), in.memref, groupsOf(in));
  lowering.bind(getResult(), out);
  return success();
}

}  // namespace heed::ir
