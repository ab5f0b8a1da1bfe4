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

template <class Signature, class Inputs, class Outputs>
struct Recorder;
template <class R, class... A, std::size_t... I, std::size_t... O>
struct Recorder<R(A...), std::index_sequence<I...>, std::index_sequence<O...>> {
  /// What was recorded, or measured where the tape has no pools.
  template <class F>
  static constexpr Sizes run(Tape tape, F f) {
    (tape.add(op::input, {}, {textAttribute("name", "")}, {&A::info}, {}), ...);
    tape.firstParam = sizeof...(A);
    if constexpr (Module<F>) adoptFields(tape, f, 0);
    auto outputs = Results<R>::flatten(f(A{&tape, tape.idOf(std::uint32_t(I))}...));
    tape.add(op::return_, {std::get<O>(outputs).id...}, {textAttribute("name", Results<R>::template name<O>)...}, {},
             {});
    tape.settle();
    return tape.size;
  }
};

template <class Signature>
struct RecorderOf;
template <class R, class... A>
struct RecorderOf<R(A...)> {
  using type = Recorder<R(A...), std::index_sequence_for<A...>, std::make_index_sequence<resultCount<R>>>;
};
/// Recording<F>::run(tape, f)
template <class F>
using Recording = typename RecorderOf<typename SignatureOf<F>::type>::type;

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
