// Graph: a traced graph as a constant object.
//
// Invariant: it owns its pools and points to nothing but program-lifetime data, so copies are independent.
// Read tests/dsl/trace_test.cpp.
#pragma once

#include <cstddef>
#include <string_view>

#include "heed/dsl/path.h"
#include "heed/dsl/tape.h"

namespace heed {

/// Signature is R(Tensors...) of the traced function, where several results are a std::tuple. The numbers are the sizes
/// of the pools.
template <class Signature, std::size_t Nodes, std::size_t Values, std::size_t Operands, std::size_t Attributes,
          std::size_t Scopes>
struct Graph {
  using signature = Signature;

  std::string_view name;
  tape::Node nodes[Nodes + 1]{};
  ValueInfo values[Values + 1]{};
  std::uint32_t operands[Operands + 1]{};
  tape::Attribute attributes[Attributes + 1]{};
  tape::Scope scopes[Scopes + 1]{};

  constexpr operator GraphView() const {
    return {tape_version,    name, {nodes, Nodes}, {values, Values}, {operands, Operands}, {attributes, Attributes},
            {scopes, Scopes}};
  }

  /// How many nodes are the word `op`: graph.count(op::softmax).
  constexpr int count(std::string_view op) const { return GraphView(*this).count(op); }

  /// The position among the parameters of the one at `path`, "layers.3.attn.q.weight" or "layers.{i}.attn.q.weight".
  /// A graph that was refused has no nodes, and nothing more to say.
  consteval lang::Position parameter(std::string_view path) const {
    return Nodes ? lang::constantParameterAt(*this, path) : lang::Position{0};
  }
};

}  // namespace heed
