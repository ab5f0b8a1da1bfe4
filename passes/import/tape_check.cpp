// The checks of a tape, pool by pool. Test: tests/passes/import/import_test.cpp.
#include "heed/passes/import/tape_check.h"

#include <vector>

#include "heed/runtime/abi.h"

namespace heed {
namespace {

using Mistake = std::optional<TapeMistake>;

std::string number(std::uint64_t n) { return std::to_string(n); }
bool inside(tape::Range range, std::size_t size) { return range.begin <= size && range.count <= size - range.begin; }

std::string mistakeIn(const TypeInfo* type) {
  if (!type) return "a value has no type";
  if (type->dtype > DType::f32)
    return "a value has element type " + number(std::uint8_t(type->dtype)) + ", which is none";
  if (type->rank > abi::max_rank)
    return "a value has " + number(type->rank) + " axes; at most " + number(abi::max_rank) + " are possible";
  if (type->rank > 0 && !type->axes) return "a value of rank " + number(type->rank) + " has no axes";
  for (std::uint32_t i = 0; i < type->rank; ++i) {
    const AxisInfo* axis = type->axes[i];
    if (!axis || axis->name.empty()) return "axis " + number(i) + " of a value has no name";
    std::string name(axis->name);
    if (axis->extent < -1) return "axis " + name + " has extent " + std::to_string(axis->extent);
    if (axis->extent < 0 && axis->symbol.empty()) return "axis " + name + " has neither extent nor symbol";
    for (std::uint32_t j = 0; j < i; ++j)
      if (type->axes[j]->name == axis->name) return "a value has two axes of the name " + name;
  }
  return "";
}

Mistake checkScopes(const GraphView& graph) {
  if (graph.scopes.size == 0 || graph.scopes[0].parent != -1)
    return TapeMistake{"scope 0 must be the root, without parent"};
  for (std::size_t i = 1; i < graph.scopes.size; ++i)
    if (graph.scopes[i].parent < 0 || std::size_t(graph.scopes[i].parent) >= i || graph.scopes[i].count < 0)
      return TapeMistake{"scope " + number(i) + " must have an earlier scope as parent and no negative count"};
  return {};
}

/// The ranges, ids and attributes of one node; `defined` are the values of earlier nodes.
Mistake checkNode(const GraphView& graph, const tape::Node& node, std::vector<bool>& defined) {
  auto mistake = [&](std::string what) { return TapeMistake{std::string(node.op) + ": " + what, &node}; };
  if (node.op.empty()) return mistake("a node has no op");
  if (node.scope >= graph.scopes.size) return mistake("scope " + number(node.scope) + " does not exist");
  if (!inside(node.operands, graph.operands.size) || !inside(node.results, graph.values.size) ||
      !inside(node.attributes, graph.attributes.size))
    return mistake("a range leaves its pool");
  for (std::uint32_t i = 0; i < node.operands.count; ++i) {
    std::uint32_t id = graph.operands[node.operands.begin + i];
    if (id >= graph.values.size || !defined[id])
      return mistake("operand " + number(i) + " is value " + number(id) + ", which no earlier node defines");
  }
  for (std::uint32_t i = 0; i < node.results.count; ++i) {
    std::uint32_t id = node.results.begin + i;
    if (defined[id]) return mistake("value " + number(id) + " is defined twice");
    if (std::string what = mistakeIn(graph.values[id].type); !what.empty()) return mistake(what);
    defined[id] = true;
  }
  for (std::uint32_t i = 0; i < node.attributes.count; ++i) {
    const tape::Attribute& attribute = graph.attributes[node.attributes.begin + i];
    if (attribute.name.empty() || attribute.kind > tape::Attribute::Kind::axis ||
        (attribute.kind == tape::Attribute::Kind::axis && !attribute.axis))
      return mistake("attribute " + number(i) + " has no name or no value");
  }
  return {};
}

/// The value of an integer attribute, or -1.
std::int64_t integerOf(const GraphView& graph, const tape::Node& node, std::string_view name) {
  for (std::uint32_t i = 0; i < node.attributes.count; ++i)
    if (const tape::Attribute& a = graph.attributes[node.attributes.begin + i]; a.name == name) return a.integer;
  return -1;
}

}  // namespace

Mistake checkTape(const GraphView& graph) {
  if (graph.version != tape_version)
    return TapeMistake{"the graph has tape version " + number(graph.version) + "; this compiler reads version " +
                       number(tape_version) + "; build both from one heed"};
  if (Mistake mistake = checkScopes(graph)) return mistake;

  std::vector<bool> defined(graph.values.size);
  struct Open {
    const tape::Node* repeat;
    std::vector<bool> outside;  // what is visible again after the body
  };
  std::vector<Open> open;
  const tape::Node* end = nullptr;
  for (const tape::Node& node : graph.nodes) {
    auto mistake = [&](std::string what) { return TapeMistake{std::string(node.op) + ": " + what, &node}; };
    if (end) return mistake("stands after return, which must be last");
    std::vector<bool> before = node.op == "repeat" ? defined : std::vector<bool>{};
    if (Mistake wrong = checkNode(graph, node, defined)) return wrong;
    if (node.op == "input" || node.op == "param" || node.op == "state") {
      if (node.operands.count != 0 || node.results.count != 1) return mistake("must have no operand and one result");
      if (!open.empty()) return mistake("must stand outside of every repeat");
    } else if (node.op == "past") {
      if (node.operands.count != 0 || node.results.count != 1) return mistake("must have no operand and one result");
    } else if (node.op == "repeat") {
      if (node.operands.count != node.results.count) return mistake("must give its body the carries it takes");
      if (graph.scopes[node.scope].count <= 0 || integerOf(graph, node, "count") != graph.scopes[node.scope].count)
        return mistake("must have the count of its scope, which must be positive");
      open.push_back({&node, std::move(before)});
    } else if (node.op == "yield") {
      if (open.empty()) return mistake("has no repeat");
      if (node.operands.count != open.back().repeat->operands.count || node.results.count != node.operands.count)
        return mistake("must have as many carries as its repeat");
      defined = std::move(open.back().outside);
      std::fill_n(defined.begin() + node.results.begin, node.results.count, true);
      open.pop_back();
    } else if (node.op == "return") {
      if (!open.empty()) return mistake("stands inside of a repeat");
      if (node.results.count != 0) return mistake("has results of its own");
      end = &node;
    }
  }
  if (!end) return TapeMistake{"the graph has no return"};
  return {};
}

}  // namespace heed
