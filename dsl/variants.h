// The masks and score modifiers of the field, as formulas over positions. The compiler has no word for any of them.
//
// Each comes in two forms: causal<Seq, Key>() names the axes, causal(i, j) takes the indices that a modifier of
// nn::attention is given.
// Invariant: positions are position<Axis>(), so a formula stays right where keys continue a cached sequence.
// Read tests/dsl/variants_test.cpp.
#pragma once

#include "heed/dsl/mistake.h"
#include "heed/dsl/words/cast.h"
#include "heed/dsl/words/formulas.h"
#include "heed/dsl/words/index.h"
#include "heed/dsl/words/reduce.h"
#include "heed/dsl/words/shape.h"

namespace heed::variants {

/// A query sees itself and what is before it.
template <lang::Operand I, lang::Operand J>
constexpr auto causal(const I& i, const J& j, tape::Place place = lang::caller()) {
  return lang::at(place, j) <= i;
}
template <Axis Query, Axis Key>
constexpr auto causal(tape::Place place = lang::caller()) {
  return causal(position<Query>(place), position<Key>(place), place);
}

template <auto... Numbers, class... Given>
requires(sizeof...(Given) == 0 || (Axis<Given> || ...)) constexpr auto causal(const Given&...) {
  static_assert(lang::never<Given...>, "heed: variants::causal<Query, Key>() or causal(i, j): axes are types in <>");
  return lang::Fault{};
}

/// Causal, and no further back than `size` keys, itself included (Mistral's sliding window).
template <lang::Operand I, lang::Operand J>
constexpr auto slidingWindow(const I& i, const J& j, int size, tape::Place place = lang::caller()) {
  if (size < 1) throw Mistake("heed: slidingWindow: of fewer than 1 key nobody sees anything");
  return lang::at(place, causal(i, j, place)) && lang::at(place, lang::at(place, i) - j) < size;
}
template <Axis Query, Axis Key>
constexpr auto slidingWindow(int size, tape::Place place = lang::caller()) {
  return slidingWindow(position<Query>(place), position<Key>(place), size, place);
}

/// Everybody sees the first `length` keys; beyond them, causal. length: a number, or an i32 tensor of one per sequence.
template <lang::Operand I, lang::Operand J, class Length>
constexpr auto prefix(const I& i, const J& j, const Length& length, tape::Place place = lang::caller()) {
  return lang::at(place, causal(i, j, place)) || lang::at(place, j) < length;
}
template <Axis Query, Axis Key, class Length>
constexpr auto prefix(const Length& length, tape::Place place = lang::caller()) {
  return prefix(position<Query>(place), position<Key>(place), length, place);
}

/// Query and key lie in one document of a packed batch. id: the document of each token, an i32 tensor along Query.
template <class Id, lang::Operand I, lang::Operand J>
constexpr auto sameDocument(const Id& id, const I& i, const J& j, tape::Place place = lang::caller()) {
  return lang::at(place, id[i]) == id[j];
}
template <Axis Query, Axis Key, class Id>
constexpr auto sameDocument(const Id& id, tape::Place place = lang::caller()) {
  return sameDocument(id, position<Query>(place), position<Key>(place), place);
}

}  // namespace heed::variants

namespace heed::lang {

template <class Seq, class Documents, class Starts>
constexpr bool startsDocuments() {
  if constexpr (!AnyTensor<Starts>) {
    static_assert(Faulty<Starts>, "heed: variants::documents<Seq, Documents>(starts): starts is a tensor");
    return false;
  } else {
    constexpr bool along = has<Documents, AxesOf<Starts>> && !has<Seq, AxesOf<Starts>>;
    static_assert(along, "heed: variants::documents<Seq, Documents>(starts): starts is along Documents, not along Seq");
    constexpr bool integers = std::is_same_v<ElementOf<Starts>, i32>;
    static_assert(!along || integers, "heed: variants::documents<Seq, Documents>(starts): starts are of type i32");
    return along && integers;
  }
}

}  // namespace heed::lang

namespace heed::variants {

/// The document of each token of sequences that are packed one behind the other, without padding: 0, 0, 0, 1, 1, 2, ...
/// starts: the place where each begins, ascending; a batch whose rows hold fewer than Documents fills up with numbers
/// beyond the sequence. For sameDocument<Seq, Key>(id).
template <Axis Seq, Axis Documents, class Starts>
constexpr auto documents(const Starts& starts, tape::Place place = lang::caller()) {
  if constexpr (lang::startsDocuments<Seq, Documents, Starts>()) {
    lang::UserLine line(starts.tape, place);
    return sum<Documents>(cast<i32>(along<Seq>(starts) <= index<Seq>())) - 1;
  } else {
    return lang::Fault{};
  }
}

/// The position of each token in its document: 0, 1, 2, 0, 1, 0, ... For a table of positions, or a rotation.
template <Axis Seq, Axis Documents, class Starts>
constexpr auto documentPosition(const Starts& starts, tape::Place place = lang::caller()) {
  if constexpr (lang::startsDocuments<Seq, Documents, Starts>()) {
    lang::UserLine line(starts.tape, place);
    auto start = along<Seq>(starts);
    return index<Seq>() - amax<Documents>(where(start <= index<Seq>(), start, 0));
  } else {
    return lang::Fault{};
  }
}

/// The key is no padding. length: how many keys are valid, one number per sequence.
template <lang::Operand J, class Length>
constexpr auto padding(const J& j, const Length& length, tape::Place place = lang::caller()) {
  return lang::at(place, j) < length;
}
template <Axis Key, class Length>
constexpr auto padding(const Length& length, tape::Place place = lang::caller()) {
  return padding(position<Key>(place), length, place);
}

/// The bias of ALiBi, slope (j - i), one slope per head (Press et al., arXiv:2108.12409). Add it to the scores.
template <class Slope, lang::Operand I, lang::Operand J>
constexpr auto alibi(const Slope& slope, const I& i, const J& j, tape::Place place = lang::caller()) {
  return lang::at(place, slope) * (lang::at(place, j) - i);
}
template <Axis Query, Axis Key, class Slope>
constexpr auto alibi(const Slope& slope, tape::Place place = lang::caller()) {
  return alibi(slope, position<Query>(place), position<Key>(place), place);
}

/// The slopes of ALiBi: 2^(-8 (h+1) / n) for n heads; where n is no power of two, those of the power below it, then
/// every other one of the power above (ibid., section 3, and its published code).
template <Axis Heads>
constexpr auto alibiSlopes(tape::Place place = lang::caller()) {
  static_assert(Heads::extent > 0, "heed: variants::alibiSlopes<Heads>(): Heads needs a static extent");
  int below = 1;
  while (2 * below <= Heads::extent) below *= 2;
  auto at = [&](const auto& x) { return lang::at(place, x); };
  auto h = index<Heads>(place);
  auto low = exp2(at(at(at(h) + 1) * (-8.0 / below)));
  auto high = exp2(at(at(at(at(h) * 2) - (2 * below - 1)) * (-4.0 / below)));
  return where(at(at(h) < below), low, high);
}

}  // namespace heed::variants
