// Before the parser: how deep the text nests. After it: what the verifiers of the ops cannot know.
#include "heed/passes/import/parse_graph.h"

#include "heed/passes/ir/extents.h"
#include "heed/passes/ir/heed.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;

namespace heed {
namespace {

constexpr int deepest = 1000;  // the parser calls itself at each bracket; a stack of 8 MiB has room for some thousands

/// The line, from 1, on which brackets nest too deep; 0 if none is.
unsigned tooDeepAt(StringRef text) {
  unsigned line = 1;
  int brackets = 0, angles = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') ++line;
    if (c == '"')
      while (++i < text.size() && text[i] != '"' && text[i] != '\n') i += text[i] == '\\';
    else if (text.substr(i).starts_with("//"))
      i = text.find('\n', i) - 1;
    else if (StringRef("([{").contains(c))
      ++brackets;
    else if (StringRef(")]}").contains(c))
      brackets = std::max(brackets - 1, 0);
    else if (c == '<')
      ++angles;
    else if (c == '>' && (i == 0 || text[i - 1] != '-'))
      angles = std::max(angles - 1, 0);
    if (brackets + angles > deepest) return line;
  }
  return 0;
}

/// Checks one function; the first mistake is a diagnostic.
class Check {
 public:
  LogicalResult function(func::FuncOp f) {
    if (f.isExternal()) return f.emitError("the function has no body") << advice;
    if (!f.isPublic()) return f.emitError("the function is private, so nobody could call it; drop the word `private`");
    if (!llvm::hasSingleElement(f.getBody())) return f.emitError("the function has more than one block") << advice;
    for (BlockArgument argument : f.getArguments()) {
      auto name = f.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "heed.name");
      std::string what = name ? name.str() : std::to_string(argument.getArgNumber());
      if (failed(isTensor(argument.getLoc(), "argument " + what, argument.getType()))) return failure();
    }
    for (auto [i, type] : llvm::enumerate(f.getResultTypes()))
      if (failed(isTensor(f.getLoc(), "result " + std::to_string(i), type))) return failure();
    if (f.getBody().walk([&](Operation* op) { return WalkResult(known(op)); }).wasInterrupted()) return failure();
    return ir::checkExtents(f);
  }

  static constexpr const char* advice = "; a module of stage `graph` is required, as the file 1_graph.mlir of a dump";

 private:
  LogicalResult isTensor(Location loc, const std::string& what, Type type) {
    if (ir::isTensor(type)) return success();
    return emitError(loc) << what << " is a " << type << "; tensors of f32, bf16, f16, i32 or i1 are required, whose "
                          << "axes have names: tensor<4xf32, #heed.axes<depth>>" << advice;
  }

  LogicalResult known(Operation* op) {
    if (isa<func::ReturnOp>(op)) return success();
    if (isa_and_nonnull<ir::HeedDialect>(op->getDialect())) return success();
    return op->emitError("`") << op->getName() << "` is no op of heed" << advice;
  }
};

LogicalResult check(ModuleOp module, Location start) {
  if (module.getBody()->empty()) return emitError(start) << "there is no function" << Check::advice;
  Operation& first = module.getBody()->front();
  auto function = dyn_cast<func::FuncOp>(first);
  if (!function) return first.emitError("`") << first.getName() << "` stands where a func.func must" << Check::advice;
  if (Operation* second = first.getNextNode())
    return second->emitError("a second `") << second->getName() << "` stands behind the function" << Check::advice;
  return Check().function(function);
}

}  // namespace

OwningOpRef<ModuleOp> parseGraph(MLIRContext& context, StringRef text, StringRef name) {
  auto at = [&](unsigned line) { return FileLineColLoc::get(&context, name, line, 1); };
  if (unsigned line = tooDeepAt(text)) {
    emitError(at(line)) << "brackets nest more than " << deepest << " deep; no graph needs as many";
    return {};
  }
  auto module = parseSourceString<ModuleOp>(text, &context, name);
  if (!module || failed(check(*module, at(1)))) return {};
  return module;
}

}  // namespace heed
