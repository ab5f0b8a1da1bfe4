// From a traced function to a Graph, which is a constant.
//
// Invariant: one frozen graph per traced function, and three separate constant evaluations, each with its own budget:
// measure, freeze, check.
// Read tests/dsl/trace_test.cpp.
#pragma once

#include "heed/dsl/graph.h"
#include "heed/dsl/record.h"

namespace heed::lang {

template <class F>
constexpr Sizes measure(const F& f) {
  Tape tape;
  Recording<typename SignatureOf<F>::type>::run(tape, f);
  return tape.size;
}
template <class F>
inline constexpr Sizes sizesOf = measure(F{});

template <class F>
using GraphOf = Graph<typename AsTuple<typename SignatureOf<F>::type>::type, sizesOf<F>.nodes, sizesOf<F>.values,
                      sizesOf<F>.operands, sizesOf<F>.attributes, sizesOf<F>.scopes>;

template <class F>
constexpr GraphOf<F> freeze() {
  GraphOf<F> graph{.name = graphName<F>()};
  Tape tape(graph.nodes, graph.values, graph.operands, graph.attributes, graph.scopes);
  Recording<typename SignatureOf<F>::type>::run(tape, F{});
  return graph;
}
/// The graph of F with unnamed inputs: one constant, however often F is traced.
template <class F>
inline constexpr GraphOf<F> frozen = freeze<F>();

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

template <class F>
inline constexpr auto sharedName = [] {
  constexpr std::string_view name = sharedAxisName(frozen<F>);
  return textOf<name.size()>(name);
}();

/// Says what is wrong with the graph of F. Where and which is in the message as the template arguments.
template <class F, bool AllOwn, std::uint32_t AtLine, Text AxisName>
constexpr bool sound() {
  constexpr bool own = AllOwn, distinct = AxisName.view().empty();
  static_assert(own, "heed: a tensor of no graph; a parameter is a member of the traced module");
  static_assert(distinct, "heed: two axis types of one name in one graph; give each its own name");
  return own && distinct;
}

constexpr void nameInputs(tape::Attribute* attributes, std::initializer_list<std::string_view> names) {
  for (const std::string_view& name : names) {
    if (name.empty()) throw Mistake("heed: trace: an input has an empty name");
    for (const std::string_view* other = names.begin(); other != &name; ++other)
      if (*other == name) throw Mistake("heed: trace: two inputs of one name");
    attributes++->text = name;
  }
}

}  // namespace heed::lang
