// From a traced function to a Graph, which is a constant.
//
// Invariant: one frozen graph per traced function, and three separate constant evaluations, each with its own budget:
// measure, freeze, check.
// Read tests/dsl/trace_test.cpp.
#pragma once

#include "heed/dsl/graph.h"
#include "heed/dsl/record.h"

namespace heed::lang {

/// The sizes as a type, so that a function that is no constant expression is a choice of overload and no error.
template <Sizes S>
struct Measured {
  static constexpr Sizes sizes = S;
};
template <class F>
constexpr auto measured(int) -> Measured<Recording<F>::run(Tape(), F{})>;
/// No graph is without a scope.
template <class F>
constexpr Measured<Sizes{.scopes = 0}> measured(long);

template <class F, class M>
using GraphOf = Graph<typename AsTuple<typename SignatureOf<F>::type>::type, M::sizes.nodes, M::sizes.values,
                      M::sizes.operands, M::sizes.attributes, M::sizes.scopes>;

template <class F, class M>
constexpr GraphOf<F, M> freeze() {
  GraphOf<F, M> graph{.name = graphName<F>()};
  Recording<F>::run(Tape(graph.nodes, graph.values, graph.operands, graph.attributes, graph.scopes), F{});
  return graph;
}
/// The graph of F, which is M large, with unnamed inputs: one constant, however often F is traced.
template <class F, class M>
inline constexpr GraphOf<F, M> frozen = freeze<F, M>();

/// The axes met so far, each name once.
class AxisNames {
 public:
  constexpr explicit AxisNames(std::size_t most) : axes_(new const AxisInfo*[most]) {}
  constexpr ~AxisNames() { delete[] axes_; }
  AxisNames(const AxisNames&) = delete;
  AxisNames& operator=(const AxisNames&) = delete;

  /// False if another axis type has this one's name.
  constexpr bool add(const AxisInfo* axis) {
    for (std::size_t i = 0; i < count_; ++i)
      if (sameText(axes_[i]->name, axis->name))
        return sameText(static_cast<const AxisIdentity*>(axes_[i])->type, static_cast<const AxisIdentity*>(axis)->type);
    axes_[count_++] = axis;
    return true;
  }

 private:
  const AxisInfo** axes_;
  std::size_t count_ = 0;
};

/// Two axis types of one name would be one axis to the compiler. Returns the name, or "".
constexpr std::string_view sharedAxisName(const GraphView& graph) {
  // An axis enters a graph as one of an input or a parameter, or as an attribute.
  std::size_t most = graph.attributes.size;
  for (const tape::Node& node : graph.nodes)
    if (!node.operands.count && node.results.count) most += graph.values[node.results.begin].type->rank;
  AxisNames names(most);
  for (const tape::Attribute& attribute : graph.attributes)
    if (attribute.kind == tape::Attribute::Kind::axis && !names.add(attribute.axis)) return attribute.axis->name;
  for (const tape::Node& node : graph.nodes) {
    if (node.operands.count || !node.results.count) continue;
    const TypeInfo& type = *graph.values[node.results.begin].type;
    for (std::uint32_t i = 0; i < type.rank; ++i)
      if (!names.add(type.axes[i])) return type.axes[i]->name;
  }
  return "";
}

template <std::size_t N>
constexpr Text<N + 1> textOf(std::string_view name) {
  char chars[N + 1]{};
  for (std::size_t i = 0; i < N; ++i) chars[i] = name[i];
  return chars;
}

/// The line of the first append to a state that has one already; 0 if there is none.
constexpr std::uint32_t secondAppend(const GraphView& graph) {
  for (const tape::Node& node : graph.nodes) {
    if (node.op != op::append) continue;
    for (const tape::Node* other = graph.nodes.begin(); other != &node; ++other)
      if (other->op == op::append && graph.operands[other->operands.begin] == graph.operands[node.operands.begin])
        return node.place.line ? node.place.line : 1;
  }
  return 0;
}

/// The compiler prints the line, or the axis, with the message.
template <std::uint32_t Number>
struct Line {
  static constexpr bool none = Number == 0;
};
template <Text Name>
struct AxisName {
  static constexpr bool distinct = Name.view().empty();
};
template <const auto& Graph>
constexpr auto sharedName() {
  constexpr std::string_view name = sharedAxisName(Graph);
  return textOf<name.size()>(name);
}

/// Says what is wrong with the graph of F.
template <class F, class M>
constexpr bool sound() {
  constexpr bool runs = M::sizes.scopes > 0;
  static_assert(runs,
                "heed: trace: the compiler cannot run this function; it and all that it calls must be constexpr, else "
                "use traceAtRunTime");
  using Foreign = Line<M::sizes.foreignAt>;
  static_assert(Foreign::none,
                "heed: a tensor of no graph, or of another one; a parameter is a member of the traced module");
  using Large = Line<M::sizes.largeAt>;
  static_assert(Large::none,
                "heed: a number beyond the element type of the tensor beside it; cast the tensor, or write inf");
  if constexpr (runs && Foreign::none && Large::none) {
    using Shared = AxisName<sharedName<frozen<F, M>>()>;
    using Again = Line<secondAppend(frozen<F, M>)>;
    static_assert(Shared::distinct, "heed: two axis types of one name in one graph; give each its own name");
    static_assert(Again::none, "heed: append: this state has an append already; give each a State of its own");
    return Shared::distinct && Again::none;
  } else {
    return false;
  }
}

/// Throws Mistake.
constexpr void checkNames(std::initializer_list<std::string_view> names) {
  for (const std::string_view& name : names) {
    if (name.empty()) throw Mistake("heed: trace: an input has an empty name");
    for (const std::string_view* other = names.begin(); other != &name; ++other)
      if (*other == name) throw Mistake("heed: trace: two inputs of one name");
  }
}

constexpr void nameInputs(tape::Attribute* attributes, std::initializer_list<std::string_view> names) {
  for (const std::string_view& name : names) attributes++->text = name;
}

template <class F, class M>
constexpr GraphOf<F, M> withNames(std::initializer_list<std::string_view> names) {
  GraphOf<F, M> graph = frozen<F, M>;
  nameInputs(graph.attributes, names);
  return graph;
}

}  // namespace heed::lang
