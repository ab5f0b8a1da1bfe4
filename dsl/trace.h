// trace: runs a function on tensors of no numbers and keeps what it did, as a constant.
//
//   constexpr auto graph = trace<sdpa>("q", "k", "v");      a function, or a lambda without captures
//   constexpr auto graph = trace(Gpt{}, "ids");             a module
//
// Invariant: the nodes begin with one `input` per parameter of the function; trace and traceAtRunTime give one graph.
// Read tests/dsl/trace_test.cpp.
#pragma once

#include <utility>

#include "heed/dsl/graph.h"
#include "heed/dsl/record.h"

namespace heed {
namespace lang {

struct Sizes {
  std::size_t nodes, values, operands, attributes, scopes;
};

template <class F>
constexpr Sizes measure() {
  Tape tape;
  record(tape, F{});
  return {tape.nodes.size(), tape.values.size(), tape.operands.size(), tape.attributes.size(), tape.scopes.size()};
}

template <class F>
inline constexpr Sizes sizesOf = measure<F>();

template <class F>
using GraphOf = Graph<typename SignatureOf<F>::type, sizesOf<F>.nodes, sizesOf<F>.values, sizesOf<F>.operands,
                      sizesOf<F>.attributes, sizesOf<F>.scopes>;

template <class T>
constexpr void copyInto(T* to, const std::vector<T>& from) {
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = from[i];
}

template <class F>
constexpr GraphOf<F> freeze() {
  Tape tape;
  record(tape, F{});
  GraphOf<F> graph;
  copyInto(graph.nodes, tape.nodes);
  copyInto(graph.values, tape.values);
  copyInto(graph.operands, tape.operands);
  copyInto(graph.attributes, tape.attributes);
  copyInto(graph.scopes, tape.scopes);
  graph.name = graphName<F>();
  return graph;
}

/// The graph of F with unnamed inputs: one constant, however often F is traced.
template <class F>
inline constexpr GraphOf<F> frozen = freeze<F>();

}  // namespace lang

template <auto F, class... Names>
consteval auto trace(const Names&... names) {
  auto graph = lang::frozen<lang::Fixed<F>>;
  std::size_t input = 0;
  ((graph.attributes[input++].text = std::string_view(names)), ...);
  return graph;
}

}  // namespace heed
