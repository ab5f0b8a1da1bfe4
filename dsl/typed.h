// typed<graph>: the graph as Hana types, one small type per node, for questions at compile time.
//
//   static_assert(hana::count_if(typed<graph>, is<op::softmax>) == hana::size_c<1>);
//
// Invariant: operands are positions of nodes, never nested types, so n nodes are n small types.
// Read tests/dsl/typed_test.cpp.
#pragma once

#include <boost/hana/bool.hpp>
#include <boost/hana/integral_constant.hpp>
#include <boost/hana/tuple.hpp>
#include <boost/hana/type.hpp>
#include <string_view>
#include <utility>

#include "heed/dsl/tape.h"

namespace heed {
namespace lang {

namespace hana = boost::hana;

/// The node that defines a value.
constexpr std::size_t producer(const GraphView& graph, std::uint32_t value) {
  for (std::size_t i = 0; i < graph.nodes.size; ++i) {
    const tape::Range& results = graph.nodes[i].results;
    if (value - results.begin < results.count) return i;
  }
  return graph.nodes.size;
}

template <const auto& G, std::size_t I>
struct TypedNode {
  static constexpr const tape::Node& node = G.nodes[I];
  static constexpr std::string_view op = node.op;
  static constexpr std::size_t position = I;

  template <std::size_t... K>
  static constexpr auto operandsAt(std::index_sequence<K...>) {
    return hana::make_tuple(hana::size_c<producer(G, G.operands[node.operands.begin + K])>...);
  }
  /// Positions of the nodes that define the operands, as hana::size_t.
  static constexpr auto operands = operandsAt(std::make_index_sequence<node.operands.count>{});
};

template <const auto& G, std::size_t... I>
constexpr auto typedNodes(std::index_sequence<I...>) {
  return hana::make_tuple(hana::type_c<TypedNode<G, I>>...);
}

template <const std::string_view& Op>
struct IsOp {
  template <class N>
  constexpr auto operator()(N) const {
    return hana::bool_c<N::type::op == Op>;
  }
};

}  // namespace lang

/// `graph` must be a constexpr variable with static storage.
template <const auto& G>
inline constexpr auto typed = lang::typedNodes<G>(std::make_index_sequence<GraphView(G).nodes.size>{});

/// Whether a node is the word Op: a predicate for Hana's algorithms.
template <const std::string_view& Op>
inline constexpr lang::IsOp<Op> is{};

}  // namespace heed
