// trace: runs a function on tensors of no numbers and keeps what it did, as a constant.
//
//   constexpr auto graph = trace<sdpa>("q", "k", "v");      a function, or a lambda without captures
//   constexpr auto graph = trace(Gpt{}, "ids");             a module; or trace<Gpt>("ids")
//
// Invariant: the nodes begin with one `input` per parameter of the function; trace and traceAtRunTime give one graph.
// Read tests/dsl/trace_test.cpp.
#pragma once

#include <concepts>

#include "heed/dsl/freeze.h"

namespace heed {
namespace lang {

template <class Name>
concept Literal = std::convertible_to<const Name&, std::string_view>;

/// Says what is wrong with F, or with the number of its names.
template <class F, std::size_t Names>
constexpr bool traceable() {
  using Given = SignatureOf<F>;
  if constexpr (Given::known) {
    constexpr bool faulty = Faulty<typename Given::result>;
    constexpr bool returns = faulty || Results<typename Given::result>::valid;
    constexpr bool tensors = Given::tensors, named = Given::arity == Names;
    constexpr bool formed = !Module<F> || wellFormed<F>();
    static_assert(tensors, "heed: trace: every parameter of the function must be a Tensor<T, Axes...>");
    static_assert(returns, "heed: trace: the function must return a tensor, or several in a tuple or a struct");
    static_assert(named, "heed: trace: give one name for each parameter of the function");
    static_assert(formed, "heed: a module's fields, at most 32, are tensors, modules, Repeat, std::array or numbers");
    return tensors && returns && named && formed && !faulty;
  } else {
    constexpr bool known = Given::known;
    static_assert(known, "heed: trace: give a function, a lambda or a module whose parameters are tensors, not auto");
    return false;
  }
}

/// The graph of what was rejected: nothing, so that one mistake is one message.
using NoGraph = Graph<void(), 0, 0, 0, 0, 0>;

}  // namespace lang

template <auto F, lang::Literal... Names>
constexpr auto trace(const Names&... names) {
  using Traced = lang::Fixed<F>;
  if constexpr (!lang::traceable<Traced, sizeof...(Names)>()) {
    return lang::NoGraph{};
  } else if constexpr (!lang::sound<Traced, !lang::sizesOf<Traced>.foreign, lang::sizesOf<Traced>.foreignAt.line,
                                    lang::sharedName<Traced>>()) {
    return lang::NoGraph{};
  } else {
    auto graph = lang::frozen<Traced>;
    lang::nameInputs(graph.attributes, {std::string_view(names)...});
    return graph;
  }
}

template <class F, lang::Literal... Names>
constexpr auto trace(const Names&... names) {
  if constexpr (!lang::traceable<F, sizeof...(Names)>()) {
    return lang::NoGraph{};
  } else if constexpr (!lang::sound<F, !lang::sizesOf<F>.foreign, lang::sizesOf<F>.foreignAt.line,
                                    lang::sharedName<F>>()) {
    return lang::NoGraph{};
  } else {
    auto graph = lang::frozen<F>;
    lang::nameInputs(graph.attributes, {std::string_view(names)...});
    return graph;
  }
}

template <class F, lang::Literal... Names>
requires std::is_class_v<F>
constexpr auto trace(const F& f, const Names&... names) {
  constexpr bool stateless = std::is_default_constructible_v<F>;
  static_assert(stateless, "heed: trace(f): a lambda with captures cannot be a constant graph; use traceAtRunTime");
  if constexpr (!stateless) {
    return lang::NoGraph{};
  } else if constexpr (!lang::traceable<F, sizeof...(Names)>()) {
    return lang::NoGraph{};
  } else {
    if (!lang::sameNumbers(f, F{}))
      throw Mistake("heed: trace(module): not its default numbers; put them in the type, or use traceAtRunTime");
    return trace<F>(names...);
  }
}

}  // namespace heed
