// State<T, Axes...> and append<Seq, Key>(state, x): what a model remembers between calls, a cache of keys and values.
//
//   State<f32, Batch, Heads, Key, Depth> keys;                       a field of a module; Key is memory<Seq, "key">
//   auto k = append<Seq, Key>(keys, key(x));                         everything told so far, room for more at the end
//
// Invariant: a state is read only through the tensor that append gives. Along Key, what lies at and beyond the new
// length of a row holds anything: a mask such as variants::causal<Seq, Key>() hides it.
// Read tests/dsl/state_test.cpp.
#pragma once

#include "heed/dsl/expression.h"

namespace heed {
namespace lang {

template <class... A>
struct MemoryIn {
  using type = void;
};
template <class A, class... B>
struct MemoryIn<A, B...> : MemoryIn<B...> {};
template <MemoryAxis A, class... B>
struct MemoryIn<A, B...> {
  using type = A;
};

template <class T>
inline constexpr bool isState = false;

}  // namespace lang

/// A field of a module that is kept between calls. One of the axes is memory<Seq, name>; its extent is the room that
/// Kernel::begin gives it.
template <class D, class... A>
struct State {
  using Key = typename lang::MemoryIn<A...>::type;
  static constexpr bool remembers = !std::is_void_v<Key>;
  using Type = Tensor<D, A...>;
  lang::Tape* tape = nullptr;
  std::uint32_t id = lang::unbound;
};

namespace lang {

template <class D, class... A>
inline constexpr bool isState<State<D, A...>> = true;

template <class S>
inline constexpr bool rememberless = false;
template <class D, class... A>
inline constexpr bool rememberless<State<D, A...>> = !State<D, A...>::remembers;

/// Why append<Seq, Key>(state, x) is wrong, one message at most.
template <class Seq, class Key, class S, class X>
constexpr bool appends() {
  if constexpr (rememberless<S>) {
    static_assert(!rememberless<S>,
                  "heed: State<T, Axes...>: one of the axes must be memory<Seq, name>, to remember along");
    return false;
  } else if constexpr (isState<S>) {
    using Axes = AxesOf<typename S::Type>;
    constexpr bool key = std::is_same_v<Key, typename S::Key>;
    static_assert(key, "heed: append<Seq, Key>(state, x): the state does not remember along Key");
    if constexpr (key) {
      constexpr bool tokens = std::is_same_v<Seq, typename Key::tokens>;
      static_assert(tokens, "heed: append<Seq, Key>(state, x): Key is not memory<Seq, name>");
      constexpr bool agree = sameAxes<AxesOf<X>, replace<Axes, Key, axes<Seq>>>;
      static_assert(!tokens || agree, "heed: append<Seq, Key>(state, x): x needs the axes of the state, Seq for Key");
      constexpr bool element = std::is_same_v<ElementOf<X>, ElementOf<typename S::Type>>;
      static_assert(!agree || element, "heed: append<Seq, Key>(state, x): x has another element type; cast<T>(x)");
      constexpr bool rows = subset<typename Seq::rows, Axes>;
      static_assert(rows, "heed: append<Seq, Key>(state, x): the state lacks an axis along which Seq has a past");
      return tokens && agree && element && rows;
    } else {
      return false;
    }
  } else {
    constexpr bool state = isState<S>;
    static_assert(state, "heed: append<Seq, Key>(state, x): state must be a State<T, Axes...>, a field of the module");
    return false;
  }
}

}  // namespace lang

/// Writes x behind the past of its row, and gives all that the state then holds: [.., Key, ..].
template <class Seq, class Key, class S, lang::Shaped X>
constexpr auto append(const S& state, const X& x, tape::Place place = lang::caller()) {
  if constexpr (lang::appends<Seq, Key, S, X>()) {
    auto tokens = lang::bind(state.tape, x);
    auto past = lang::Past<Seq>(place).bind(state.tape);
    return lang::emit<typename S::Type>(state.tape, op::append, {state.id, tokens.id, past.id},
                                        {lang::axisAttribute<Seq>("tokens"), lang::axisAttribute<Key>("memory")},
                                        place);
  } else {
    return lang::Fault{};
  }
}

template <class Seq, class Key, class S, lang::Faulty X>
constexpr X append(const S&, const X& x, tape::Place = {}) {
  return x;
}

}  // namespace heed
