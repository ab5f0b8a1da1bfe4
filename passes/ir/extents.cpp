// Symbols of extents, from the arguments on. Test: tests/passes/import/parse_graph_test.cpp.
#include "heed/passes/ir/extents.h"

#include "heed/passes/ir/heed.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace heed::ir {

static Axes namedAxes(Type type, ArrayRef<StringRef> names) {
  Axes axes = axesOf(type);
  llvm::erase_if(axes, [&](const Axis& a) { return !llvm::is_contained(names, a.name); });
  return axes;
}

Axes definedBy(Operation* op) {
  Axes from, to;
  auto read = [&](Value x, Type result, SmallVector<StringRef> taken, SmallVector<StringRef> made) {
    from = namedAxes(x.getType(), taken), to = namedAxes(result, made);
  };
  if (auto split = dyn_cast<SplitOp>(op))
    read(split.getX(), split.getType(), {split.getAxis()}, namesOf(split.getParts()));
  if (auto merge = dyn_cast<MergeOp>(op))
    read(merge.getX(), merge.getType(), namesOf(merge.getParts()), {merge.getAxis()});
  llvm::erase_if(to, [&](const Axis& axis) {
    return axis.isStatic() || llvm::any_of(from, [&](const Axis& known) { return known.symbol == axis.symbol; });
  });
  return to;
}

LogicalResult checkExtents(func::FuncOp function) {
  llvm::StringMap<std::string> says;  // symbol: who
  for (BlockArgument argument : function.getArguments()) {
    auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "heed.name");
    std::string who = "argument " + (name ? name.str() : std::to_string(argument.getArgNumber()));
    for (const Axis& axis : axesOf(argument.getType()))
      if (!axis.isStatic()) says.try_emplace(axis.symbol, who);
  }
  auto check = [&](Operation* op) -> LogicalResult {
    for (const Axis& axis : definedBy(op)) {
      auto [known, isNew] = says.try_emplace(axis.symbol, "another " + op->getName().stripDialect().str());
      if (!isNew)
        return op->emitError(op->getName().stripDialect())
               << ": it computes the extent of axis " << axis.describe() << ", which " << known->second
               << " gives already, and the two could differ; a new axis needs a symbol of its own; write " << axis.name
               << ":" << axis.symbol << "2?";
    }
    for (Type type : op->getResultTypes())
      for (const Axis& axis : axesOf(type))
        if (!axis.isStatic() && !says.contains(axis.symbol))
          return op->emitError(op->getName().stripDialect())
                 << ": the extent of axis " << axis.describe()
                 << " is not known, as no input has that axis; take an input that has it, or give the axis a static "
                    "extent: axis<\""
                 << axis.name << "\", 64>";
    return success();
  };
  return failure(function.walk([&](Operation* op) { return WalkResult(check(op)); }).wasInterrupted());
}

}  // namespace heed::ir
