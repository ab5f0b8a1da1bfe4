// Reading and writing axes. Test: tests/passes/ir/verify_test.cpp.
#include "heed/passes/ir/axes.h"

#include "heed/passes/ir/heed.h"

using namespace mlir;

namespace heed::ir {

std::string Axis::describe() const {
  return (name + " (" + (isStatic() ? std::to_string(extent) : symbol.str()) + ")").str();
}

bool isTensor(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor) return false;
  Type element = tensor.getElementType();
  bool legal = element.isF16() || element.isBF16() || element.isF32() || element.isInteger(32) || element.isInteger(1);
  return legal && (tensor.getRank() == 0 ? !tensor.getEncoding() : isa_and_nonnull<AxesAttr>(tensor.getEncoding()));
}

Axes axesOf(Type type) {
  Axes axes;
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor) return axes;
  if (auto encoding = dyn_cast_or_null<AxesAttr>(tensor.getEncoding()))
    for (auto [name, extent, symbol] : llvm::zip(encoding.getNames(), tensor.getShape(), encoding.getSymbols()))
      axes.push_back({name, extent, symbol});
  return axes;
}

Type elementOf(Type type) { return getElementTypeOrSelf(type); }

RankedTensorType tensorOf(Type element, ArrayRef<Axis> axes) {
  if (axes.empty()) return RankedTensorType::get({}, element);
  MLIRContext* context = element.getContext();
  SmallVector<int64_t> shape;
  SmallVector<StringAttr> names, symbols;
  for (const Axis& axis : axes) {
    shape.push_back(axis.extent);
    names.push_back(StringAttr::get(context, axis.name));
    symbols.push_back(StringAttr::get(context, axis.symbol));
  }
  return RankedTensorType::get(shape, element, AxesAttr::get(context, names, symbols));
}

Type withElement(Type type, Type element) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? Type(tensor.clone(element)) : element;
}

const Axis* findAxis(ArrayRef<Axis> axes, StringRef name) {
  auto at = llvm::find_if(axes, [&](const Axis& a) { return a.name == name; });
  return at == axes.end() ? nullptr : at;
}

Axes without(ArrayRef<Axis> axes, ArrayRef<StringRef> names) {
  Axes rest(axes);
  llvm::erase_if(rest, [&](const Axis& a) { return llvm::is_contained(names, a.name); });
  return rest;
}

SmallVector<StringRef> namesOf(ArrayRef<Axis> axes) {
  return llvm::map_to_vector(axes, [](const Axis& a) { return a.name; });
}

SmallVector<StringRef> namesOf(ArrayAttr names) { return llvm::to_vector(names.getAsValueRange<StringAttr>()); }

std::string describe(ArrayRef<Axis> axes) {
  return "[" + llvm::join(llvm::map_range(axes, [](const Axis& a) { return a.describe(); }), ", ") + "]";
}

LogicalResult unite(std::optional<Location> loc, StringRef op, Axes& all, ArrayRef<Axis> more) {
  for (const Axis& axis : more) {
    const Axis* known = findAxis(all, axis.name);
    if (!known)
      all.push_back(axis);
    else if (!known->sameExtent(axis))
      return emitOptionalError(loc, "heed.", op, ": one operand has axis ", known->describe(), ", another ",
                               axis.describe(), "; axes of one name must have one extent; rename one of them?");
  }
  return success();
}

bool sameAxes(TypeRange left, TypeRange right) {
  return llvm::all_of_zip(left, right, [](Type l, Type r) {
    if (l == r) return true;
    Axes a = axesOf(l), b = axesOf(r);
    return isa<RankedTensorType>(l) == isa<RankedTensorType>(r) && elementOf(l) == elementOf(r) &&
           a.size() == b.size() && llvm::all_of(a, [&](const Axis& axis) {
             const Axis* same = findAxis(b, axis.name);
             return same && same->sameExtent(axis);
           });
  });
}

// ---- #heed.axes<batch:B, heads>

LogicalResult AxesAttr::verify(function_ref<InFlightDiagnostic()> error, ArrayRef<StringAttr> names,
                               ArrayRef<StringAttr> symbols) {
  if (names.size() != symbols.size() || names.empty())
    return error() << "axes: " << names.size() << " names and " << symbols.size()
                   << " symbols; at least one axis, and one symbol for each, is required";
  for (auto [i, name] : llvm::enumerate(names)) {
    if (name.empty()) return error() << "axes: axis " << i << " has an empty name; every axis needs one";
    if (llvm::is_contained(names.take_front(i), name))
      return error() << "axes: axis " << name << " appears twice; names must differ; rename one of them?";
  }
  return success();
}

LogicalResult AxesAttr::verifyEncoding(ArrayRef<int64_t> shape, Type element,
                                       function_ref<InFlightDiagnostic()> error) const {
  if (shape.size() != getNames().size())
    return error() << "axes: " << getNames().size() << " names for a tensor of rank " << shape.size()
                   << "; one for each dim is required";
  for (auto [name, symbol, extent] : llvm::zip(getNames(), getSymbols(), shape))
    if (ShapedType::isDynamic(extent) == symbol.empty())
      return error() << "axes: axis " << name
                     << (symbol.empty() ? " is dynamic and has no symbol" : " is static and has a symbol")
                     << "; a dynamic extent needs a symbol, a static one has none";
  return success();
}

Attribute AxesAttr::parse(AsmParser& parser, Type) {
  SmallVector<StringAttr> names, symbols;
  SMLoc start = parser.getCurrentLocation();
  auto parseAxis = [&]() -> ParseResult {
    std::string name, symbol;
    if (parser.parseKeywordOrString(&name)) return failure();
    if (succeeded(parser.parseOptionalColon()) && parser.parseKeywordOrString(&symbol)) return failure();
    names.push_back(StringAttr::get(parser.getContext(), name));
    symbols.push_back(StringAttr::get(parser.getContext(), symbol));
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater, parseAxis)) return {};
  return AxesAttr::getChecked([&]() -> InFlightDiagnostic { return parser.emitError(start); }, parser.getContext(),
                              ArrayRef(names), ArrayRef(symbols));
}

void AxesAttr::print(AsmPrinter& printer) const {
  printer << "<";
  llvm::interleaveComma(llvm::zip(getNames(), getSymbols()), printer, [&](auto axis) {
    auto [name, symbol] = axis;
    printer.printKeywordOrString(name);
    if (symbol.empty()) return;
    printer << ":";
    printer.printKeywordOrString(symbol);
  });
  printer << ">";
}

}  // namespace heed::ir
