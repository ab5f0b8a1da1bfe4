// Module paths: from a scope to "layers.{i}.attn.q.weight" and back.
//
// Invariant: a scope with count > 0 reads as two steps, its field and {i}; {i} names every copy, a number one.
// Read tests/dsl/module_test.cpp.
#pragma once

#include <cstdint>
#include <string_view>

#include "heed/dsl/mistake.h"
#include "heed/dsl/tape.h"
#include "heed/dsl/words.h"

namespace heed::lang {

/// Takes the last step off `path`; false if it is not `step`.
constexpr bool dropLast(std::string_view& path, std::string_view step) {
  if (!path.ends_with(step)) return false;
  path.remove_suffix(step.size());
  if (path.ends_with('.')) {
    path.remove_suffix(1);
    return !path.empty();
  }
  return path.empty();
}

/// Takes a last step {i} or a number below `count` off `path`.
constexpr bool dropCopy(std::string_view& path, std::int32_t count) {
  if (dropLast(path, "{i}")) return true;
  std::size_t dot = path.rfind('.');
  if (dot == std::string_view::npos || dot + 1 == path.size()) return false;
  std::int64_t copy = 0;
  for (char c : path.substr(dot + 1)) {
    if (c < '0' || c > '9' || copy >= count) return false;
    copy = 10 * copy + (c - '0');
  }
  path.remove_suffix(path.size() - dot);
  return copy < count;
}

constexpr bool matches(const GraphView& graph, std::int32_t scope, std::string_view path) {
  for (; graph.scopes[scope].parent >= 0; scope = graph.scopes[scope].parent) {
    if (graph.scopes[scope].count > 0 && !dropCopy(path, graph.scopes[scope].count)) return false;
    std::string_view field = graph.scopes[scope].field;
    if (!field.empty() && !dropLast(path, field)) return false;
  }
  return path.empty();
}

/// The position among the parameters; -1 if there is none of this name.
constexpr int findParameter(const GraphView& graph, std::string_view path) {
  int position = 0;
  for (const tape::Node& node : graph.nodes) {
    if (node.op != op::param) continue;
    if (matches(graph, std::int32_t(node.scope), path)) return position;
    ++position;
  }
  return -1;
}
/// Throws Mistake.
constexpr int parameterAt(const GraphView& graph, std::string_view path) {
  if (int position = findParameter(graph, path); position >= 0) return position;
  throw Mistake("heed: graph.parameter(path): the model has no parameter of this name");
}

/// A position among the parameters of a graph that is a constant.
struct Position {
  int at;
  const char* const* mistake = nullptr;
  constexpr operator int() const { return at; }
};
constexpr Position constantParameterAt(const GraphView& graph, std::string_view path) {
#ifdef __clang__
  // Of a throw it tells twice where the position makes a constant; of what points to a local, which is none, once.
  const char* mistake = "heed: graph.parameter(path): the model has no parameter of this name";
  Position position{findParameter(graph, path)};
  if (position < 0) position.mistake = &mistake;
  return position;
#else
  return {parameterAt(graph, path)};
#endif
}

}  // namespace heed::lang
