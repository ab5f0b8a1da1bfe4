// remember<Key>(state, x): the keys or values of a layer, and where it keeps them between calls.
//
// Invariant: with Key = like<Seq, "key"> a layer sees the tokens of this call and has no state; with
// Key = memory<Seq, "key"> it sees all that its rows were told. The model's source is the same.
// Read tests/driver/state_test.cpp.
#pragma once

#include "heed/dsl/nn/attend.h"
#include "heed/dsl/words/append.h"

namespace heed {
namespace lang {

template <class S>
struct StateWith;
template <class... A>
struct StateWith<axes<A...>> {
  using type = State<f32, A...>;
};

template <class Key, class Heads, class Depth>
struct Remembered {
  using type = nn::None;
};
template <MemoryAxis Key, class Heads, class Depth>
struct Remembered<Key, Heads, Depth> {
  using Rows = typename Key::tokens::rows;
  using type = typename StateWith<unite<unite<Rows, Heads>, axes<Key, Depth>>>::type;
};

}  // namespace lang

namespace nn {

/// The field that keeps the keys of a layer, [rows.., heads.., key, depth]; None unless Key is a memory.
template <class Key, class Heads, class Depth>
using Remembered = typename lang::Remembered<Key, lang::asAxes<Heads>, Depth>::type;

/// x along Key: behind what `state` holds, or on its own.
template <class Key, class S, lang::AnyOperand X>
constexpr auto remember(const S& state, const X& x, tape::Place place = lang::caller()) {
  if constexpr (lang::Faulty<X>)
    return x;
  else if constexpr (lang::has<Key, lang::AxesOf<X>>)
    return x;
  else if constexpr (lang::isState<S>)
    return append<lang::OriginOf<Key>, Key>(state, x, place);
  else
    return rename<lang::OriginOf<Key>, Key>(x, place);
}

}  // namespace nn
}  // namespace heed
