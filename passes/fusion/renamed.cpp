// Following a value through layout ops, and back. Test: tests/passes/fusion/sdpa_phrasings.mlir.
#include "heed/passes/fusion/renamed.h"

#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;

namespace heed::fusion {

StringRef Renamed::name(StringRef own) const {
  for (auto [from, to] : names)
    if (from == own) return to;
  return own;
}

ir::Axes Renamed::axes() const {
  ir::Axes axes = ir::axesOf(value.getType());
  for (ir::Axis& axis : axes) axis.name = name(axis.name);
  return axes;
}

Renamed Renamed::operand(Value x, ArrayRef<StringRef> except) const {
  Renamed r{x};
  for (auto pair : names)
    if (ir::has(ir::axesOf(x.getType()), pair.first) && !llvm::is_contained(except, pair.first))
      r.names.push_back(pair);
  return r;
}

Renamed throughLayout(Renamed x) {
  while (Operation* op = x.op()) {
    if (auto rename = dyn_cast<ir::RenameOp>(op)) {
      StringRef outer = x.name(rename.getTo());
      Renamed before = x.operand(rename.getX());
      if (outer != rename.getFrom()) before.names.emplace_back(rename.getFrom(), outer);
      llvm::sort(before.names);
      x = before;
    } else if (isa<ir::PermuteOp, ir::AlongOp>(op)) {
      x = x.operand(op->getOperand(0));
    } else {
      break;
    }
  }
  return x;
}

Renamed throughWidening(Renamed x) {
  for (x = throughLayout(x); auto cast = x.value.getDefiningOp<ir::CastOp>();) {
    Type from = ir::elementOf(cast.getX().getType()), to = ir::elementOf(cast.getType());
    if (!isa<FloatType>(from) || from == to || !to.isF32()) break;
    x = throughLayout(x.operand(cast.getX()));
  }
  return x;
}

std::optional<double> constantOf(Value x) {
  Attribute number;
  if (!matchPattern(x, m_Constant(&number)) || !isa<FloatAttr, IntegerAttr>(number)) return std::nullopt;
  return ir::numberOf(number);
}

std::optional<double> constantOf(const Renamed& x) { return constantOf(throughLayout(x).value); }

bool isParameter(Value x) {
  auto argument = dyn_cast<BlockArgument>(throughLayout({x}).value);
  if (!argument) return false;
  Operation* owner = argument.getOwner()->getParentOp();
  if (auto repeat = dyn_cast<ir::RepeatOp>(owner)) return argument.getArgNumber() >= repeat.getCarries().size();
  auto function = dyn_cast<FunctionOpInterface>(owner);
  return function && function.getArgAttr(argument.getArgNumber(), "heed.parameter");
}

Value materialise(OpBuilder& b, const Renamed& x) {
  Value value = x.value;
  auto rename = [&](StringRef from, StringRef to) {
    ir::Axes axes = ir::axesOf(value.getType());
    for (ir::Axis& axis : axes)
      if (axis.name == from) axis.name = to;
    Type type = ir::tensorOf(ir::elementOf(value.getType()), axes);
    value = ir::RenameOp::create(b, value.getLoc(), type, value, b.getStringAttr(from), b.getStringAttr(to));
  };
  auto taken = [&](StringRef name) { return ir::has(ir::axesOf(value.getType()), name); };
  auto pending = x.names;
  while (!pending.empty()) {
    auto free = llvm::find_if(pending, [&](auto& pair) { return !taken(pair.second); });
    if (free != pending.end()) {
      rename(free->first, free->second);
      pending.erase(free);
      continue;
    }
    // Names that change places: one steps aside.
    std::string aside = pending.front().first.str();
    while (taken(aside)) aside += "_";
    StringRef name = b.getStringAttr(aside).getValue();
    rename(pending.front().first, name);
    pending.front().first = name;
  }
  return value;
}

}  // namespace heed::fusion
