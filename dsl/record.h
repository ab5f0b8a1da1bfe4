// record: one run of a function or a module over a fresh tape.
//
// Invariant: inputs, then parameters, then the formula, then one return; scopes are settled.
// Read tests/dsl/trace_test.cpp.
#pragma once

#include "heed/dsl/module.h"
#include "heed/dsl/repeat.h"
#include "heed/dsl/results.h"
#include "heed/dsl/signature.h"

namespace heed::lang {

template <class Signature>
struct Recording;
template <class R, class... A>
struct Recording<R(A...)> {
  template <class F>
  static constexpr void run(Tape& tape, F f) {
    run(tape, f, std::index_sequence_for<A...>{}, std::make_index_sequence<resultCount<R>>{});
  }

  template <class F, std::size_t... I, std::size_t... O>
  static constexpr void run(Tape& tape, F& f, std::index_sequence<I...>, std::index_sequence<O...>) {
    (tape.add(op::input, {}, {textAttribute("name", "")}, {&A::info}, {}), ...);
    tape.firstParam = sizeof...(A);
    if constexpr (Module<F>) adoptFields(tape, f, 0);
    auto outputs = Results<R>::flatten(f(A{&tape, std::uint32_t(I)}...));
    tape.add(op::return_, {std::get<O>(outputs).id...}, {textAttribute("name", Results<R>::template name<O>)...}, {},
             {});
    tape.settleScopes();
  }
};

template <class F>
struct Spelled {
  static constexpr std::string_view text() { return __PRETTY_FUNCTION__; }
};
template <auto Function>
struct Spelled<Fixed<Function>> {
  static constexpr std::string_view text() { return __PRETTY_FUNCTION__; }
};

/// The name of the function or module F; "graph" for a lambda, which has none.
template <class F>
constexpr std::string_view graphName() {
  // g++: "... [with auto Function = sdpa; ...]" or "F = Net<4>; ..."; clang: "[Function = &sdpa]".
  constexpr std::string_view text = Spelled<F>::text();
  constexpr std::size_t begin = text.find(" = ") + 3;
  std::string_view name = text.substr(begin, text.find_first_of(";]", begin) - begin);
  if (name.ends_with('>')) name = name.substr(0, name.find('<'));
  std::size_t letters = 0;
  for (; letters < name.size(); ++letters) {
    char c = name[name.size() - 1 - letters];
    if (!(c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) break;
  }
  return letters ? name.substr(name.size() - letters) : "graph";
}

}  // namespace heed::lang
