// record: one run of a function over a fresh tape.
//
// Invariant: inputs, then parameters, then the formula, then one return; scopes are settled.
// Read tests/dsl/trace_test.cpp.
#pragma once

#include "heed/dsl/signature.h"

namespace heed::lang {

template <class F>
struct Recording;
template <class R, class... A>
struct Recording<R(A...)> {
  template <class F>
  static constexpr void run(Tape& tape, F f) {
    std::tuple<A...> inputs{emit<A>(tape, op::input, {}, {textAttribute("name", "")}, {})...};
    tape.firstParam = std::uint32_t(tape.values.size());
    R result = std::apply(f, inputs);
    tape.add(op::return_, {result.id}, {textAttribute("name", "result")}, {}, {});
    tape.settleScopes();
  }
};

template <class F>
constexpr void record(Tape& tape, F f) {
  Recording<typename SignatureOf<F>::type>::run(tape, f);
}

template <class F>
constexpr std::string_view graphName() {
  return "graph";
}

}  // namespace heed::lang
