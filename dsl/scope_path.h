// scopePath: a scope as text, for whoever prints a tape.
//
// Invariant: it is what Graph::parameter() takes.
// Read tests/dsl/module_test.cpp.
#pragma once

#include <string>

#include "heed/dsl/tape.h"

namespace heed {

/// "" for the root, else the fields joined by dots, {i} after one that is repeated: "layers.{i}.attn.q.weight".
inline std::string scopePath(const GraphView& graph, std::uint32_t scope) {
  const tape::Scope& s = graph.scopes[scope];
  if (s.parent < 0) return "";
  std::string path = scopePath(graph, std::uint32_t(s.parent));
  if (!path.empty() && !s.field.empty()) path += '.';
  path += s.field;
  if (s.count > 0) path += path.empty() ? "{i}" : ".{i}";
  return path;
}

}  // namespace heed
