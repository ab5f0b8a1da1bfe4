// The interpreter: bind, evaluate, repeat. Test: tests/passes/ir/interpret_test.cpp.
#include "heed/passes/ir/interpret.h"

#include "heed/passes/ir/heed.h"

using namespace mlir;

namespace heed::ir {

std::vector<std::string> axisNames(ArrayRef<Axis> axes) {
  std::vector<std::string> names;
  for (const Axis& axis : axes) names.push_back(axis.name.str());
  return names;
}

Reference blank(Type type, ArrayRef<Reference> operands, double fill) {
  Axes axes = axesOf(type);
  std::vector<int64_t> extents;
  for (const Axis& axis : axes) {
    auto* known = llvm::find_if(operands, [&](const Reference& r) { return r.has(axis.name); });
    extents.push_back(known == operands.end() ? axis.extent : known->extent(axis.name));
  }
  return Reference(axisNames(axes), extents, fill);
}

int64_t Evaluation::extent(Operation* op, const Axis& axis) {
  if (axis.isStatic()) return axis.extent;
  if (auto known = symbols_.find(axis.symbol); known != symbols_.end()) return known->second;
  fail(op) << "the extent of axis " << axis.describe()
           << " is not known; an input must carry its symbol; pass a tensor with that axis?";
  return 0;
}

InFlightDiagnostic Evaluation::fail(Operation* op) {
  failed_ = true;
  return op->emitOpError();
}

void Evaluation::bind(Value value, Reference reference) {
  for (const Axis& axis : axesOf(value.getType()))
    if (!axis.isStatic()) symbols_.try_emplace(axis.symbol, reference.extent(axis.name));
  values_[value] = std::move(reference);
}

/// The number of `type` that is nearest to x.
static double rounded(double x, FloatType type) {
  if (type.isF32()) return float(x);
  APFloat number(x);
  bool lost;
  number.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &lost);
  number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
  return number.convertToDouble();
}

SmallVector<Reference> Evaluation::run(Block& block) {
  for (Operation& op : block.without_terminator()) {
    SmallVector<Reference> operands, results;
    for (Value operand : op.getOperands()) operands.push_back(at(operand));
    auto contract = dyn_cast<OpContract>(op);
    if (!contract) fail(&op) << "has no reference meaning; the interpreter runs heed ops, before they are lowered";
    if (!failed_) results = contract.evaluate(operands, *this);
    if (failed_) return {};
    for (auto [value, result] : llvm::zip_equal(op.getResults(), results)) {
      if (auto type = dyn_cast<FloatType>(elementOf(value.getType())); single_ && type)
        for (double& x : result.data) x = rounded(x, type);
      bind(value, std::move(result));
    }
  }
  return llvm::map_to_vector(block.getTerminator()->getOperands(), [&](Value v) { return at(v); });
}

/// The argument in the layout of its type, its extents checked against the type and the symbols seen before.
static FailureOr<Reference> bound(func::FuncOp function, unsigned i, const Reference& given,
                                  llvm::StringMap<int64_t>& symbols) {
  Axes axes = axesOf(function.getArgumentTypes()[i]);
  auto refuse = [&](const Twine& what) {
    return function.emitError() << "argument " << i << ": " << what << "; its axes are " << describe(axes);
  };
  if (given.axes.size() != axes.size())
    return refuse("has " + Twine(given.axes.size()) + " axes, " + Twine(axes.size()) + " are required");
  for (const Axis& axis : axes) {
    if (!given.has(axis.name)) return refuse("axis " + axis.name + " is missing");
    int64_t extent = given.extent(axis.name);
    int64_t required = axis.isStatic() ? axis.extent : symbols.try_emplace(axis.symbol, extent).first->second;
    if (extent != required)
      return refuse("extent mismatch on axis " + axis.name + ": " + Twine(extent) + " given, " + Twine(required) +
                    " required");
  }
  return given.inOrder(axisNames(axes));
}

FailureOr<SmallVector<Reference>> interpret(func::FuncOp function, ArrayRef<Reference> arguments, bool single,
                                            SmallVector<Reference>* after) {
  if (function.isExternal() || !llvm::hasSingleElement(function.getBody()))
    return function.emitError("the interpreter needs a function of one block");
  if (arguments.size() != function.getNumArguments())
    return function.emitError() << arguments.size() << " arguments given, " << function.getNumArguments()
                                << " are required";
  Evaluation evaluation(single);
  llvm::StringMap<int64_t> symbols;
  for (auto [i, argument] : llvm::enumerate(arguments)) {
    FailureOr<Reference> reference = bound(function, i, argument, symbols);
    if (failed(reference)) return failure();
    evaluation.bind(function.getArgument(i), std::move(*reference));
  }
  SmallVector<Reference> results = evaluation.run(function.front());
  if (evaluation.failed()) return failure();
  if (after) *after = llvm::map_to_vector(function.getArguments(), [&](Value v) { return evaluation.at(v); });
  return results;
}

}  // namespace heed::ir
