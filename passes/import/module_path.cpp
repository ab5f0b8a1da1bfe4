// Paths and places. Test: tests/passes/import/import_test.cpp.
#include "heed/passes/import/module_path.h"

#include "llvm/ADT/SmallVector.h"
#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;

namespace heed {

SmallVector<std::uint32_t> countedScopes(const GraphView& graph, std::uint32_t scope) {
  SmallVector<std::uint32_t> counted;
  for (std::int64_t s = scope; s >= 0; s = graph.scopes[s].parent)
    if (graph.scopes[s].count > 0) counted.push_back(s);
  return {counted.rbegin(), counted.rend()};
}

std::string modulePath(const GraphView& graph, std::uint32_t scope, ArrayRef<std::int32_t> copies) {
  SmallVector<std::string> steps;
  size_t next = countedScopes(graph, scope).size();
  for (std::int64_t s = scope; s >= 0; s = graph.scopes[s].parent) {
    if (graph.scopes[s].count > 0) {
      --next;
      steps.push_back(copies.empty() ? "{i}" : std::to_string(copies[next]));
    }
    if (!graph.scopes[s].field.empty()) steps.emplace_back(graph.scopes[s].field);
  }
  return llvm::join(llvm::reverse(steps), ".");
}

Location locationOf(MLIRContext& context, const GraphView& graph, const tape::Node& node) {
  Location place = UnknownLoc::get(&context);
  if (node.place.line != 0 && node.place.file && *node.place.file)
    place = FileLineColLoc::get(&context, node.place.file, node.place.line, 0);
  // A refusal may be about this very scope.
  std::string path = node.scope < graph.scopes.size ? modulePath(graph, node.scope) : "";
  return path.empty() ? place : NameLoc::get(StringAttr::get(&context, path), place);
}

}  // namespace heed
