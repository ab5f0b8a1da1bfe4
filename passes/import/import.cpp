// Reads the tape from front to back and makes one op of each node. Test: tests/passes/import/import_test.cpp.
#include "heed/passes/import/import.h"

#include "heed/passes/import/module_path.h"
#include "heed/passes/import/narrow.h"
#include "heed/passes/import/repeats.h"
#include "heed/passes/import/tape_check.h"
#include "heed/passes/ir/extents.h"
#include "heed/passes/ir/heed.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;

namespace heed {
namespace {

class Import {
 public:
  Import(MLIRContext& context, const GraphView& graph)
      : context_(context), b_(&context), graph_(graph), repeats_(graph) {}

  OwningOpRef<ModuleOp> run() {
    if (auto mistake = checkTape(graph_)) return refuse(mistake->node, mistake->what);
    context_.loadDialect<ir::HeedDialect, func::FuncDialect>();
    OwningOpRef<ModuleOp> module = ModuleOp::create(b_.getUnknownLoc());
    StringRef name = graph_.name.empty() ? StringRef("graph") : StringRef(graph_.name);
    function_ = func::FuncOp::create(b_.getUnknownLoc(), name, b_.getFunctionType({}, {}));
    module->push_back(function_);
    body_ = function_.addEntryBlock();
    addArguments();
    for (const tape::Node& node : graph_.nodes)
      if (!add(node)) return {};
    if (failed(verify(*module)) || failed(ir::checkExtents(function_))) return {};
    return module;
  }

 private:
  std::nullptr_t refuse(const tape::Node* node, const Twine& what) {
    Location loc = node ? locationOf(context_, graph_, *node) : Location(b_.getUnknownLoc());
    emitError(loc) << what;
    return nullptr;
  }

  Type typeOf(std::uint32_t value) {
    const TypeInfo& type = *graph_.values[value].type;
    ir::Axes axes;
    for (std::uint32_t i = 0; i < type.rank; ++i) {
      const AxisInfo& axis = *type.axes[i];
      bool dynamic = axis.extent < 0;
      axes.push_back({axis.name, dynamic ? ShapedType::kDynamic : axis.extent, dynamic ? StringRef(axis.symbol) : ""});
    }
    Type elements[] = {b_.getI1Type(), b_.getI32Type(), b_.getF16Type(), b_.getBF16Type(), b_.getF32Type()};
    return ir::tensorOf(elements[std::size_t(type.dtype)], axes);
  }

  /// A parameter is marked `heed.parameter`; a state `heed.state`, with the symbol of the tokens that it grows by and,
  /// unless it counts them, the axis along which it does.
  mlir::Value addArgument(const tape::Node& node, StringRef name) {
    Location loc = NameLoc::get(b_.getStringAttr(name), locationOf(context_, graph_, node));
    SmallVector<NamedAttribute> attributes{b_.getNamedAttr("heed.name", b_.getStringAttr(name))};
    if (node.op == "param") attributes.push_back(b_.getNamedAttr("heed.parameter", b_.getUnitAttr()));
    if (node.op == "state" || node.op == "past") attributes.push_back(b_.getNamedAttr("heed.state", b_.getUnitAttr()));
    if (const AxisInfo* tokens = axisOf(node, "tokens"))
      attributes.push_back(b_.getNamedAttr("heed.tokens", b_.getStringAttr(StringRef(tokens->symbol))));
    if (const AxisInfo* memory = axisOf(node, "memory"))
      attributes.push_back(b_.getNamedAttr("heed.memory", b_.getStringAttr(StringRef(memory->name))));
    unsigned position = function_.getNumArguments();
    (void)function_.insertArgument(position, typeOf(node.results.begin), b_.getDictionaryAttr(attributes), loc);
    return function_.getArgument(position);
  }

  /// The signature is inputs, then parameters, then states, then the pasts of the axes of tokens, wherever their nodes
  /// stand. All that ask for the past of one axis get one argument.
  void addArguments() {
    for (const tape::Node& node : graph_.nodes)
      if (node.op == "input") values_[node.results.begin] = addArgument(node, textOf(node, "name"));
    for (StringRef kind : {"param", "state"})
      for (const tape::Node& node : graph_.nodes) {
        if (StringRef(node.op) != kind) continue;
        parameters_[node.results.begin] = &node;
        SmallVector<std::uint32_t> counted = countedScopes(graph_, node.scope);
        addCopies(node, counted, {});
      }
    llvm::StringMap<mlir::Value> pasts;
    for (const tape::Node& node : graph_.nodes) {
      if (node.op != "past") continue;
      const AxisInfo* tokens = axisOf(node, "tokens");
      std::string name = "past." + std::string(tokens ? tokens->name : "");
      mlir::Value& past = pasts[name];
      if (!past) past = addArgument(node, name);
      values_[node.results.begin] = past;
    }
  }

  void addCopies(const tape::Node& node, ArrayRef<std::uint32_t> counted, Copies copies) {
    if (copies.size() == counted.size())
      return repeats_.bindParameter(&node, copies, addArgument(node, modulePath(graph_, node.scope, copies)));
    copies.push_back(0);
    for (std::int32_t& i = copies.back(); i < graph_.scopes[counted[copies.size() - 1]].count; ++i)
      addCopies(node, counted, copies);
  }

  StringRef textOf(const tape::Node& node, StringRef name, unsigned which = 0) {
    for (std::uint32_t i = 0; i < node.attributes.count; ++i) {
      const tape::Attribute& a = graph_.attributes[node.attributes.begin + i];
      if (StringRef(a.name) == name && which-- == 0) return a.text;
    }
    return "";
  }

  const AxisInfo* axisOf(const tape::Node& node, StringRef name) {
    for (std::uint32_t i = 0; i < node.attributes.count; ++i)
      if (const tape::Attribute& a = graph_.attributes[node.attributes.begin + i]; StringRef(a.name) == name)
        return a.axis;
    return nullptr;
  }

  /// The operands' values; fails where a parameter is used outside of its repeat.
  LogicalResult operandsOf(const tape::Node& node, SmallVectorImpl<mlir::Value>& operands) {
    for (std::uint32_t i = 0; i < node.operands.count; ++i) {
      std::uint32_t id = graph_.operands[node.operands.begin + i];
      auto param = parameters_.find(id);
      operands.push_back(param == parameters_.end() ? values_.lookup(id) : repeats_.parameter(param->second));
      if (!operands.back()) {
        refuse(&node, Twine(node.op) + ": parameter " + modulePath(graph_, param->second->scope) +
                          " has copies; it can be used only inside of its Repeat");
        return failure();
      }
    }
    return success();
  }

  /// Numbers take the element type of the result; what the language calls by a plural is a list, even of one.
  NamedAttrList attributesOf(const tape::Node& node) {
    NamedAttrList list;
    SmallVector<std::pair<StringRef, SmallVector<mlir::Attribute>>> grouped;
    Type element = node.results.count ? ir::elementOf(typeOf(node.results.begin)) : Type(b_.getI64Type());
    for (std::uint32_t i = 0; i < node.attributes.count; ++i) {
      const tape::Attribute& a = graph_.attributes[node.attributes.begin + i];
      mlir::Attribute value;
      switch (a.kind) {
        case tape::Attribute::Kind::integer:
          value = ir::numberAttr(element, double(a.integer));
          break;
        case tape::Attribute::Kind::real:
          value = ir::numberAttr(element, a.real);
          break;
        case tape::Attribute::Kind::text:
          value = b_.getStringAttr(StringRef(a.text));
          break;
        case tape::Attribute::Kind::axis:
          value = b_.getStringAttr(StringRef(a.axis->name));
          break;
      }
      auto known = llvm::find_if(grouped, [&](auto& g) { return g.first == StringRef(a.name); });
      if (known == grouped.end()) known = grouped.insert(grouped.end(), {StringRef(a.name), {}});
      known->second.push_back(value);
    }
    for (auto& [name, members] : grouped)
      list.set(name,
               members.size() > 1 || name == "axes" || name == "parts" ? b_.getArrayAttr(members) : members.front());
    return list;
  }

  void bind(const tape::Node& node, ValueRange results) {
    for (auto [i, result] : llvm::enumerate(results)) values_[node.results.begin + i] = result;
  }

  bool add(const tape::Node& node) {
    if (node.op == "input" || node.op == "param" || node.op == "state" || node.op == "past") return true;
    Location loc = locationOf(context_, graph_, node);
    SmallVector<mlir::Value> operands;
    if (failed(operandsOf(node, operands))) return false;
    b_.setInsertionPointToEnd(repeats_.empty() ? body_ : repeats_.block());
    if (node.op == "repeat") return bind(node, repeats_.open(node, operands, loc)), true;
    if (node.op == "yield") return bind(node, repeats_.close(operands, loc, b_, *body_)), true;
    if (node.op == "return") return addReturn(node, operands, loc), true;

    OperationState state(loc, ("heed." + Twine(node.op)).str());
    if (!RegisteredOperationName::lookup(state.name.getStringRef(), &context_)) {
      refuse(&node,
             "\"" + Twine(node.op) + "\": this compiler knows no such word; build it and the program from one heed");
      return false;
    }
    state.addOperands(operands);
    for (std::uint32_t i = 0; i < node.results.count; ++i) state.addTypes(typeOf(node.results.begin + i));
    state.attributes = attributesOf(node);
    bind(node, b_.create(state)->getResults());
    return true;
  }

  void addReturn(const tape::Node& node, ValueRange results, Location loc) {
    func::ReturnOp::create(b_, loc, results);
    function_.setType(b_.getFunctionType(function_.getArgumentTypes(), results.getTypes()));
    for (unsigned i = 0; i < results.size(); ++i)
      function_.setResultAttr(i, "heed.name", b_.getStringAttr(textOf(node, "name", i)));
  }

  MLIRContext& context_;
  OpBuilder b_;
  const GraphView& graph_;
  Repeats repeats_;
  func::FuncOp function_;
  Block* body_ = nullptr;
  llvm::DenseMap<std::uint32_t, mlir::Value> values_;
  llvm::DenseMap<std::uint32_t, const tape::Node*> parameters_;
};

}  // namespace

OwningOpRef<ModuleOp> importGraph(MLIRContext& context, const GraphView& graph, DType element) {
  OwningOpRef<ModuleOp> module = Import(context, graph).run();
  if (module && element != DType::f32)
    narrow(*module, element == DType::bf16 ? Type(BFloat16Type::get(&context)) : Type(Float16Type::get(&context)));
  return module;
}

}  // namespace heed
