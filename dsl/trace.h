// trace: runs a function on tensors of no numbers and keeps what it did, as a constant.
//
//   constexpr auto graph = trace<sdpa>("q", "k", "v");      a function, or a lambda without captures
//   constexpr auto graph = trace(Gpt{}, "ids");             a module; or trace<Gpt>("ids")
//
// Invariant: the nodes begin with one `input` per parameter of the function; trace and traceAtRunTime give one graph.
// Read tests/dsl/trace_test.cpp.
#pragma once

#include <concepts>
#include <type_traits>

#include "heed/dsl/freeze.h"

namespace heed {
namespace lang {

template <class Name>
concept Literal = std::convertible_to<const Name&, std::string_view>;

/// Says what is wrong with F, or with its names.
template <class F, class... Names>
constexpr bool traceable() {
  using Given = SignatureOf<F>;
  if constexpr (Given::known) {
    constexpr bool faulty = Faulty<typename Given::result>;
    constexpr bool returns = faulty || Results<typename Given::result>::valid;
    constexpr bool tensors = Given::tensors, named = Given::arity == sizeof...(Names);
    constexpr bool values = !tensors || Given::values;
    constexpr bool texts = (Literal<Names> && ...);
    constexpr Form form = Module<F> ? formOf<F>() : Form::sound;
    static_assert(tensors, "heed: trace: every parameter of the function must be a Tensor<T, Axes...>");
    static_assert(values, "heed: trace: a parameter is a value or const&; what changes it, copies it: auto y = x");
    static_assert(returns, "heed: trace: the function must return a tensor, or several in a tuple or a struct");
    static_assert(texts, "heed: trace: a name is a text: trace<f>(\"q\", \"k\")");
    static_assert(!texts || named, "heed: trace: give one name for each parameter of the function");
    constexpr bool formed = form != Form::foreign;  // clang tells of both sides of a comparison
    static_assert(formed,
                  "heed: a module's fields, at most 32, are tensors, modules, Repeat, std::array or numbers; it has no "
                  "base and no T[n]");
    return tensors && values && returns && texts && named && form == Form::sound && !faulty;
  } else {
    constexpr bool known = Given::known;
    static_assert(known, "heed: trace: give a function, a lambda or a module whose parameters are tensors, not auto");
    return false;
  }
}

/// The graph of what was rejected: nothing, so that one mistake is one message.
using NoGraph = Graph<void(), 0, 0, 0, 0, 0>;

}  // namespace lang

template <lang::Unfit F, class... Names>
constexpr auto trace(const Names&...) {
  constexpr bool captures = F.captures;
  static_assert(captures, "heed: trace: give a function, a lambda or a module whose parameters are tensors, not auto");
  static_assert(!captures, "heed: trace<f>: a lambda with captures cannot be a constant graph; use traceAtRunTime");
  return lang::NoGraph{};
}

template <auto F, class... Names>
requires(!lang::Capturing<decltype(F)>) constexpr auto trace(const Names&... names) {
  using Traced = lang::Fixed<F>;
  if constexpr (!lang::traceable<Traced, Names...>()) {
    return lang::NoGraph{};
  } else {
    using Size = decltype(lang::measured<Traced>(0));
    lang::checkNames({names...});
    if constexpr (lang::sound<Traced, Size>())
      return lang::withNames<Traced, Size>({names...});
    else
      return lang::NoGraph{};
  }
}

template <class F, class... Names>
constexpr auto trace(const Names&... names) {
  if constexpr (!lang::traceable<F, Names...>()) {
    return lang::NoGraph{};
  } else {
    using Size = decltype(lang::measured<F>(0));
    lang::checkNames({names...});
    if constexpr (lang::sound<F, Size>())
      return lang::withNames<F, Size>({names...});
    else
      return lang::NoGraph{};
  }
}

template <class F, class... Names>
requires(std::is_class_v<F> || std::is_function_v<F>) constexpr auto trace(const F& f, const Names&... names) {
  constexpr bool function = std::is_function_v<F>;
  constexpr bool stateless = function || std::is_default_constructible_v<F>;
  static_assert(!function, "heed: trace(f, ...): a function stands in <>, as trace<f>(\"x\"); a module in ()");
  static_assert(stateless, "heed: trace(f): a lambda with captures cannot be a constant graph; use traceAtRunTime");
  if constexpr (function || !stateless) {
    return lang::NoGraph{};
  } else if constexpr (!lang::traceable<F, Names...>()) {
    return lang::NoGraph{};
  } else {
    if (!lang::sameNumbers(f, F{}))
      throw Mistake("heed: trace(module): not its default numbers; put them in the type, or use traceAtRunTime");
    using Size = decltype(lang::measured<F>(0));
    lang::checkNames({names...});
    if constexpr (lang::sound<F, Size>())
      return lang::withNames<F, Size>({names...});
    else
      return lang::NoGraph{};
  }
}

}  // namespace heed
